"""Tenants are kept apart by the database itself, whatever a statement of ours forgets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import uuid4

import asyncpg
import pytest

from ivr.domain.call import AccountId
from ivr.domain.enrollment import EnrollmentWarning
from ivr.domain.news import News
from ivr.storage.database import APPLICATION_ROLE, Database
from ivr.storage.desk_feed import desk_feed
from ivr.storage.keys import Keyring
from ivr.storage.store import PostgresStore
from ivr.storage.watchlists import Watchlists
from tests.unit.storage.records import (
    ACCOUNT,
    OTHER_TENANT,
    TENANT,
    enrolled,
    opening,
    rejected,
    voiceprint,
)

OF_NO_TENANT = {"schema_versions", "installation", "voice_models"}

_TABLES = """
SELECT relname::text, relrowsecurity, relowner::regrole::text FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname
"""
_FILL_API = """
INSERT INTO api_keys (id, tenant, name, hash, scopes) VALUES ($1, $2, 'x', sha256($3), '{}')
"""
_FILL_ANSWER = """
INSERT INTO api_answers (api_key, name, tenant, request)
SELECT id, sha256('1'), tenant, sha256('1') FROM api_keys WHERE tenant = $1
"""
_FILL_AZURE = """
INSERT INTO azure_profiles (tenant, profile, kind)
SELECT tenant, id, 'text_dependent_verification' FROM profiles WHERE tenant = $1
"""
_FILL_POINT = """
INSERT INTO operating_points (tenant, purpose, target_fmr) VALUES ($1, 'verification', 0.01)
"""
_FILL_BATCH = """
WITH batch AS (
    INSERT INTO batches (id, tenant, kind, name, folder, ordered_by, items)
    VALUES (gen_random_uuid(), $1, 'verify', sha256('1'), '/', 'x', 1) RETURNING id
)
INSERT INTO batch_items (id, tenant, batch, number, account, files, stamp)
SELECT gen_random_uuid(), $1, id, 1, '1', '{/x}', sha256('1') FROM batch
"""
_FILL_UNREADABLE = """
INSERT INTO unreadable_profiles (profile, tenant, model, why)
SELECT id, tenant, 'm', 'x' FROM profiles WHERE tenant = $1
"""
_FILL_CALLER = """
INSERT INTO caller_lockouts (tenant, caller, rejects, last_reject_at)
VALUES ($1, sha256('1'), 1, now())
"""

_FILL_DESK = """
INSERT INTO desk_users (name, tenant, password, role) VALUES ($1, $1, 'x', 'agent')
"""
_FILL_SESSION = """
INSERT INTO desk_sessions (token, tenant, name, expires_at)
VALUES (sha256($1::text::bytea), $1, $1, now())
"""
_FILL_FEEDBACK = """
INSERT INTO desk_feedback (verification, tenant, same_person, said_by) VALUES ($1, $2, true, 'x')
"""


@pytest.fixture
async def application(
    database: Database, keyring: Keyring, postgres_store: PostgresStore, database_dsn: str
) -> AsyncIterator[asyncpg.Connection[asyncpg.Record]]:
    """A connection in the application's role; every table has rows of two tenants."""
    owner = await asyncpg.connect(database_dsn)
    for tenant in (TENANT, OTHER_TENANT):
        enrollment = replace(enrolled(tenant=tenant), warnings=(EnrollmentWarning.WATCHLISTED,))
        await postgres_store.enroll(enrollment)
        profile = await postgres_store.find(tenant, ACCOUNT)
        assert profile is not None
        heard = (enrollment.recordings[0].fingerprint,)
        closed = replace(rejected(opening(tenant=tenant)), profile=profile.id, fingerprints=heard)
        await postgres_store.close(closed)
        watchlists = Watchlists(database, keyring)
        await watchlists.add_suspect(tenant, "x", [voiceprint(9)], who="ann", why="x")
        await watchlists.join(tenant, "x", ACCOUNT, who="ann", why="x")
        await owner.execute(_FILL_API, uuid4(), tenant, tenant.encode())
        await owner.execute(_FILL_ANSWER, tenant)
        await owner.execute(_FILL_AZURE, tenant)
        await owner.execute(_FILL_POINT, tenant)
        await owner.execute(_FILL_CALLER, tenant)
        await owner.execute(_FILL_BATCH, tenant)
        await owner.execute(_FILL_UNREADABLE, tenant)
        async with desk_feed(database) as feed:
            feed.tell(News(tenant, closed.opening.id, closed.opening.call, "w"))
        await owner.execute(_FILL_DESK, tenant)
        await owner.execute(_FILL_SESSION, tenant)
        await owner.execute(_FILL_FEEDBACK, closed.opening.id, tenant)
    await owner.execute(f"SET ROLE {APPLICATION_ROLE}")
    yield owner
    await owner.close()


async def tables(connection: asyncpg.Connection[asyncpg.Record]) -> list[str]:
    """Return the tables that hold rows of tenants."""
    rows = await connection.fetch(_TABLES)
    return [row["relname"] for row in rows if row["relname"] not in OF_NO_TENANT]


async def test_without_a_tenant_nothing_is_seen(
    application: asyncpg.Connection[asyncpg.Record],
) -> None:
    """Not one row of any table that belongs to tenants."""
    for table in await tables(application):
        assert await application.fetchval(f"SELECT count(*) FROM {table}") == 0, table


async def test_another_tenants_rows_are_not_seen(
    application: asyncpg.Connection[asyncpg.Record],
) -> None:
    """Each table shows rows of the tenant that the transaction works for, and of no other."""
    for table in await tables(application):
        async with application.transaction():
            await application.execute("SELECT set_config('countersign.tenant', $1, true)", TENANT)
            seen = await application.fetch(f"SELECT DISTINCT tenant FROM {table}")
            assert [row["tenant"] for row in seen] == [TENANT], table


async def test_a_row_of_another_tenant_cannot_be_written(
    application: asyncpg.Connection[asyncpg.Record],
) -> None:
    """Neither added, nor changed, nor given away, nor deleted."""
    transaction = application.transaction()
    await transaction.start()
    await application.execute("SELECT set_config('countersign.tenant', $1, true)", TENANT)
    theirs = "WHERE tenant = $1"
    assert await application.execute(f"DELETE FROM profiles {theirs}", OTHER_TENANT) == "DELETE 0"
    changed = await application.execute(f"UPDATE profiles SET locale = '' {theirs}", OTHER_TENANT)
    assert changed == "UPDATE 0"
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        await application.execute(
            "INSERT INTO groups (tenant, name) VALUES ($1, 'x')", OTHER_TENANT
        )
    await transaction.rollback()


async def test_the_tenant_is_forgotten_with_the_transaction(
    database: Database, postgres_store: PostgresStore
) -> None:
    """A connection of the pool remembers nobody."""
    await postgres_store.enroll(enrolled())
    assert await database.fetch("page-profiles", TENANT, "", 9, tenant=TENANT)
    assert await database.fetch("page-profiles", TENANT, "", 9, tenant=None) == []
    assert await database.fetch("page-profiles", TENANT, "", 9, tenant=OTHER_TENANT) == []


async def test_the_application_owns_nothing_and_every_table_is_guarded(
    application: asyncpg.Connection[asyncpg.Record],
) -> None:
    """A table that a migration adds without row-level security is found here."""
    for row in await application.fetch(_TABLES):
        assert row["relowner"] != APPLICATION_ROLE
        assert row["relrowsecurity"] or row["relname"] in OF_NO_TENANT, row["relname"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET why = 'x'",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "UPDATE audit_heads SET entries = 0",
        "DELETE FROM audit_heads",
        "ALTER TABLE audit DISABLE TRIGGER ALL",
        "DELETE FROM tenants",
        "ALTER TABLE profiles DISABLE ROW LEVEL SECURITY",
        "CREATE TABLE mine (id integer)",
    ],
)
async def test_the_application_may_not(
    application: asyncpg.Connection[asyncpg.Record], statement: str
) -> None:
    """The audit trail is added to and read; the schema is not its to change."""
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await application.execute(statement)


async def test_a_group_has_no_member_of_another_tenant(
    database: Database, keyring: Keyring, postgres_store: PostgresStore
) -> None:
    """The account is looked for in the group's own tenant."""
    await postgres_store.enroll(enrolled(AccountId("77"), OTHER_TENANT))
    watchlists = Watchlists(database, keyring)
    assert not await watchlists.join(TENANT, "x", AccountId("77"), who="ann", why="x")
