"""A database of the first schema is brought up to this one with what it held."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import asyncpg
import pytest

from ivr.domain.call import AccountId, TenantId
from ivr.domain.enrollment import EnrollmentResult
from ivr.domain.profile import ProfileState
from ivr.domain.verification import VerificationId
from ivr.storage.audit_chain import AuditEnd, verify
from ivr.storage.browsing import Browsing
from ivr.storage.database import Database
from ivr.storage.desk_users import DeskUsers
from ivr.storage.errors import StoreRefusedError
from ivr.storage.keys import Keyring
from ivr.storage.migrate import migrate
from ivr.storage.migrations import migrations, newest_migration
from ivr.storage.queries import query
from tests.postgres import MASTER, store_on
from tests.unit.storage.records import ACCOUNT, TENANT, WORKER, accepted, enrolled, opening

OPENED, CLOSED = UUID(int=1), UUID(int=2)
"""A call that is under way while the schema is changed, and one that was accepted before."""

OLD = """
INSERT INTO tenants VALUES ('a'), ('b');
INSERT INTO profiles (id, tenant, account, state, locale, passphrase)
SELECT md5(s || t)::uuid, t, s, s, 'en-US', 'p'
FROM unnest(ARRAY['enrolled', 'opted_out']) AS s, unnest(ARRAY['a', 'b']) AS t;
INSERT INTO enrollments
SELECT id, 'c', tenant, 'w', account, id, 'en-US', 'p', 'ENROLLED', 'COMPLETE', now(), now()
FROM profiles;
INSERT INTO consents (profile, enrollment, text_version, given, given_at)
SELECT id, id, 'x', 'key_press', now() FROM profiles;
INSERT INTO voiceprints (profile, enrollment, model, embedding, net_speech_s, snr_db, level_dbfs,
    clipped)
SELECT id, id, 'm', '\\x00000000', 1, 1, 1, 0 FROM profiles;
INSERT INTO verifications
SELECT id, 'c', tenant, 'w', now(), account, 'keyed', id, 'ACCEPT', 'MATCH', 9, 99, 'm', now()
FROM profiles;
INSERT INTO attempts (verification, number, verdict, reason) SELECT id, 1, 'ACCEPT', 'MATCH'
FROM profiles;
INSERT INTO audit (tenant, who, what, whom, why)
SELECT tenant, 'w', 'profile_enrolled', id, 'COMPLETE' FROM profiles;
"""


COUNTED = """
INSERT INTO tenants VALUES ('a');
INSERT INTO profiles (id, tenant, account, state, locale, passphrase)
SELECT md5(n)::uuid, 'a', n, 'enrolling', 'en-US', 'p' FROM unnest(ARRAY['0', '1']) AS n;
INSERT INTO lockouts (profile, tenant, rejects, last_reject_at)
SELECT id, tenant, account::integer, CASE account WHEN '1' THEN now() END FROM profiles;
INSERT INTO caller_lockouts (tenant, caller, rejects, last_reject_at)
SELECT tenant, sha256(account::bytea), account::integer, CASE account WHEN '1' THEN now() END
FROM profiles;
"""


UNSTAMPED = f"""
INSERT INTO tenants VALUES ('{TENANT}');
INSERT INTO desk_users (name, tenant, password, role)
VALUES ('ann', '{TENANT}', 'x', 'supervisor'), ('bob', '{TENANT}', 'x', 'supervisor');
INSERT INTO verifications (id, call, tenant, worker, started_at)
VALUES ('{OPENED}', '1700000000.42', '{TENANT}', '{WORKER}', now());
INSERT INTO verifications (id, call, tenant, worker, started_at, claim_account, claim_source,
    verdict, reason, confidence, ended_at)
VALUES ('{CLOSED}', '1700000000.43', '{TENANT}', '{WORKER}', now(), '{ACCOUNT}', 'dialplan',
    'ACCEPT', 'MATCH', 99, now());
"""


async def _older(dsn: str, version: int, held: str) -> None:
    """Make a database of an older schema, with what it held."""
    connection = await asyncpg.connect(dsn)
    for each in migrations()[:version]:
        await connection.execute(each.sql)
        await connection.execute(query("note-migration").sql, each.version, each.name)
    await connection.execute(held)
    await connection.close()


async def test_what_was_kept_unsealed_is_deleted_and_the_rest_stays(
    empty_database_dsn: str,
) -> None:
    """People enroll anew, who opted out stays out, verdicts stay, and the trail is chained."""
    await _older(empty_database_dsn, 1, OLD)
    assert await migrate(empty_database_dsn) == tuple(range(2, newest_migration() + 1))
    connection = await asyncpg.connect(empty_database_dsn)
    states = await connection.fetch("SELECT account, state FROM profiles")
    counts = [
        await connection.fetchval(f"SELECT count(*) FROM {table}")
        for table in ("voiceprints", "consents", "verifications", "attempts")
    ]
    await connection.close()
    assert {(row["account"], row["state"]) for row in states} == {
        ("enrolled", ProfileState.ENROLLING),
        ("opted_out", ProfileState.OPTED_OUT),
    }
    assert counts == [0, 0, 4, 4]
    async with await Database.connect(empty_database_dsn) as database:
        end = await verify(database, TenantId("a"))
        assert isinstance(end, AuditEnd)
        assert end.entries == 3
        store = await store_on(database)
        again = await store.enroll(enrolled(AccountId("enrolled"), TenantId("a")))
        assert again.result is EnrollmentResult.ENROLLED


async def test_who_was_accepted_is_counted_no_more(empty_database_dsn: str) -> None:
    """The counts of 0 that an ACCEPT left are deleted; the others stay."""
    await _older(empty_database_dsn, 18, COUNTED)
    await migrate(empty_database_dsn)
    connection = await asyncpg.connect(empty_database_dsn)
    for table in ("lockouts", "caller_lockouts"):
        rows = await connection.fetch(f"SELECT rejects FROM {table}")
        assert [row["rejects"] for row in rows] == [1]
    await connection.close()


async def test_a_call_that_is_under_way_is_accepted_and_one_before_is_shown(
    empty_database_dsn: str,
) -> None:
    """What was accepted before there were stamps is listed; no call is told it any more."""
    await _older(empty_database_dsn, 21, UNSTAMPED)
    assert await migrate(empty_database_dsn) == tuple(range(22, newest_migration() + 1))
    async with await Database.connect(empty_database_dsn) as database:
        store = await store_on(database)
        closed = accepted(replace(opening(), id=VerificationId(OPENED)))
        assert await store.close(closed) == closed
        kept = await store.verdict(closed.opening.id)
        assert kept is not None
        assert kept.verdict is closed.verdict
        before = VerificationId(CLOSED)
        assert await Browsing(database).verification(TENANT, before) is not None
        with pytest.raises(StoreRefusedError, match="no stamp of ours"):
            await store.verdict(before)


async def test_each_desk_user_of_before_has_an_id_of_its_own(empty_database_dsn: str) -> None:
    """By which the audit trail tells them apart."""
    await _older(empty_database_dsn, 21, UNSTAMPED)
    await migrate(empty_database_dsn)
    async with await Database.connect(empty_database_dsn) as database:
        users = DeskUsers(database, await Keyring.open(database, MASTER))
        (ann, _), (bob, _) = await users.list(TENANT)
        assert ann != bob
        assert await users.remove(TENANT, "ann", who="sue", why="left") == ann


async def test_the_schema_says_how_a_request_is_kept(database_dsn: str) -> None:
    """As what it is since it is keyed, and no plain hash."""
    connection = await asyncpg.connect(database_dsn)
    said = await connection.fetchval(
        """SELECT col_description('api_answers'::regclass, attnum) FROM pg_attribute
        WHERE attrelid = 'api_answers'::regclass AND attname = 'request'"""
    )
    await connection.close()
    assert said.startswith("Keyed hash of the request")
