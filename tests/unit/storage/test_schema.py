"""The schema: migrations and schema.sql agree with each other and with the domain's words."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from pathlib import Path

import asyncpg
import pytest

from engine.types import Reason, Verdict
from ivr.domain.batch import BatchKind
from ivr.domain.claim import ACCOUNT_MAX_CHARACTERS, ClaimSource
from ivr.domain.consent import ConsentGiven
from ivr.domain.enrollment import EnrollmentReason, EnrollmentResult
from ivr.domain.profile import ProfileState
from ivr.domain.verification import VerificationMode
from ivr.ports import StoreUnavailableError
from ivr.storage.audit import AuditEvent
from ivr.storage.database import Database
from ivr.storage.errors import SchemaMissingError, SchemaNewerError
from ivr.storage.migrate import migrate
from ivr.storage.migrations import newest_migration
from ivr.storage.queries import SQL_FOLDER, load
from tests.postgres import execute

CATALOGUES = (
    """SELECT table_name, column_name, ordinal_position, data_type, domain_name, is_nullable,
        column_default, identity_generation, col_description(
            table_name::regclass, ordinal_position::int)
    FROM information_schema.columns WHERE table_schema = 'public'""",
    """SELECT conrelid::regclass::text, contypid::regtype::text, conname,
        pg_get_constraintdef(oid)
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
    "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    """SELECT tgname, pg_get_triggerdef(t.oid), obj_description(t.oid)
    FROM pg_trigger AS t WHERE NOT tgisinternal""",
    """SELECT proname, pg_get_functiondef(oid), obj_description(oid)
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace""",
    """SELECT relname, relkind::text, obj_description(oid) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace""",
    """SELECT typname, obj_description(oid) FROM pg_type
    WHERE typnamespace = 'public'::regnamespace""",
    "SELECT version::text, name FROM schema_versions",
)

WORDS: list[tuple[str, type[StrEnum]]] = [
    ("verdict", Verdict),
    ("verdict_reason", Reason),
    ("claim_source", ClaimSource),
    ("profile_state", ProfileState),
    ("consent_given", ConsentGiven),
    ("enrollment_result", EnrollmentResult),
    ("enrollment_reason", EnrollmentReason),
    ("audit_event", AuditEvent),
    ("verification_mode", VerificationMode),
    ("batch_kind", BatchKind),
]


async def rows(dsn: str, sql: str) -> list[tuple[object, ...]]:
    """Return what a query finds, sorted."""
    connection = await asyncpg.connect(dsn)
    try:
        return sorted((tuple(row) for row in await connection.fetch(sql)), key=repr)
    finally:
        await connection.close()


async def test_schema_sql_is_what_the_migrations_make(
    database_dsn: str, empty_database_dsn: str
) -> None:
    """Columns, constraints, indexes, triggers, functions, comments and version are the same."""
    schema = (SQL_FOLDER / "schema.sql").read_text(encoding="utf-8")
    await execute(empty_database_dsn, schema)
    for catalogue in CATALOGUES:
        migrated = await rows(database_dsn, catalogue)
        assert migrated
        assert await rows(empty_database_dsn, catalogue) == migrated


@pytest.mark.parametrize(("domain", "words"), WORDS)
async def test_a_domain_has_the_words_of_its_enum(
    database_dsn: str, domain: str, words: type[StrEnum]
) -> None:
    """A word added in one place and not in the other is found here."""
    found = await rows(
        database_dsn,
        f"""SELECT (regexp_matches(pg_get_constraintdef(oid), '''([^'']+)''', 'g'))[1]
        FROM pg_constraint WHERE contypid = '{domain}'::regtype""",
    )
    assert {word for (word,) in found} == {word.value for word in words}


async def test_every_table_and_column_is_described(database_dsn: str) -> None:
    """Whoever opens the database can read what each thing is."""
    assert not await rows(
        database_dsn,
        """SELECT c.relname, a.attname FROM pg_class AS c
        JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum >= 0 AND NOT a.attisdropped
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
        AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid) IS NULL)""",
    )


async def test_an_account_may_be_as_long_as_the_domain_says(database_dsn: str) -> None:
    """The column's limit is the claim's limit."""
    ((rule,),) = await rows(
        database_dsn,
        """SELECT pg_get_constraintdef(oid) FROM pg_constraint
        WHERE conrelid = 'profiles'::regclass AND conname = 'profiles_account_check'""",
    )
    assert f"<= {ACCOUNT_MAX_CHARACTERS}" in str(rule)


async def test_every_query_is_valid(database_dsn: str) -> None:
    """PostgreSQL can prepare each of them against the schema."""
    connection = await asyncpg.connect(database_dsn)
    try:
        for found in load(SQL_FOLDER / "queries").values():
            await connection.prepare(found.sql)
    finally:
        await connection.close()


async def test_two_who_start_at_once_migrate_once(empty_database_dsn: str) -> None:
    """One applies the migrations, the other waits and finds nothing to do."""
    every = tuple(range(1, newest_migration() + 1))
    applied = await asyncio.gather(*(migrate(empty_database_dsn) for _ in range(4)))
    assert sorted(applied) == [(), (), (), every]
    async with await Database.connect(empty_database_dsn):
        pass


async def test_a_database_without_tables_is_not_opened(empty_database_dsn: str) -> None:
    """The error says to migrate it."""
    with pytest.raises(SchemaMissingError, match="migrate it first"):
        await Database.connect(empty_database_dsn)


async def test_a_database_of_a_newer_program_is_left_alone(database_dsn: str) -> None:
    """Neither migrated nor used."""
    await execute(database_dsn, "INSERT INTO schema_versions VALUES (9999, '9999_later')")
    with pytest.raises(SchemaNewerError, match="install the newer version"):
        await migrate(database_dsn)
    with pytest.raises(SchemaNewerError):
        await Database.connect(database_dsn)


async def test_a_migration_that_fails_leaves_nothing_behind(empty_database_dsn: str) -> None:
    """A table in the way makes it fail late; the tables made before it are gone again."""
    await execute(empty_database_dsn, "CREATE TABLE audit (id integer)")
    with pytest.raises(StoreUnavailableError):
        await migrate(empty_database_dsn)
    tables = await rows(
        empty_database_dsn,
        "SELECT relname FROM pg_class WHERE relkind = 'r' "
        "AND relnamespace = 'public'::regnamespace",
    )
    assert tables == [("audit",)]


def test_the_sql_is_found_beside_the_code() -> None:
    """In a checkout through a link to the top folder."""
    assert {"migrations", "queries", "schema.sql"} <= {path.name for path in SQL_FOLDER.iterdir()}
    assert SQL_FOLDER.is_relative_to(Path(__file__).parents[3])
