"""Brings a database to the schema this program needs, once, however many start at a time."""

from __future__ import annotations

import asyncpg
import structlog

from ivr.storage.database import CONNECT_TIMEOUT_S, Row
from ivr.storage.errors import address, readable_dsn, translated
from ivr.storage.migrations import Migration, migrations, newest_migration
from ivr.storage.queries import query
from ivr.storage.versions import check_not_newer, check_server, schema_version

MIGRATE_TIMEOUT_S = 120.0
"""Longest that one statement, or the wait for another's migration, may take."""

log = structlog.get_logger()


async def migrate(dsn: str) -> tuple[int, ...]:
    """Apply the migrations that the database lacks, all or none, and return their numbers.

    Whoever comes second waits for the first and finds nothing to do. Raises `SchemaNewerError` for
    a database newer than the program, `ServerTooOldError`, or another `StoreUnavailableError`.
    """
    where = address(dsn)
    with translated(where), readable_dsn():
        connection = await asyncpg.connect(
            dsn, timeout=CONNECT_TIMEOUT_S, command_timeout=MIGRATE_TIMEOUT_S
        )
    with translated(where):
        try:
            check_server(connection.get_server_version().major)
            async with connection.transaction():
                applied = await _apply(connection)
        finally:
            await connection.close(timeout=CONNECT_TIMEOUT_S)
    if applied:
        log.info("database_migrated", versions=applied)
    return applied


async def _apply(connection: asyncpg.Connection[Row]) -> tuple[int, ...]:
    await connection.execute(query("lock-schema").sql)
    version = await schema_version(connection)
    check_not_newer(version, newest_migration())
    pending = [migration for migration in migrations() if migration.version > version]
    for migration in pending:
        await _apply_one(connection, migration)
    return tuple(migration.version for migration in pending)


async def _apply_one(connection: asyncpg.Connection[Row], migration: Migration) -> None:
    await connection.execute(migration.sql)
    await connection.execute(query("note-migration").sql, migration.version, migration.name)
