"""Whether a server and the schema in it are of the versions that this program was written for."""

from __future__ import annotations

import asyncpg

from ivr.storage.errors import (
    OLDEST_SERVER,
    SchemaMissingError,
    SchemaNewerError,
    SchemaOutdatedError,
    ServerTooOldError,
)
from ivr.storage.queries import query


async def schema_version(connection: asyncpg.Connection[asyncpg.Record]) -> int:
    """Return the number of the last migration; 0 where there is no schema."""
    if not await connection.fetchval(query("schema-exists").sql):
        return 0
    version: int = await connection.fetchval(query("schema-version").sql)
    return version


def check_server(major: int) -> None:
    """Raise `ServerTooOldError` unless the server's major version will do."""
    if major < OLDEST_SERVER:
        raise ServerTooOldError(
            f"the server is PostgreSQL {major}; PostgreSQL {OLDEST_SERVER} or newer is needed"
        )


def check_schema(version: int, needed: int) -> None:
    """Raise unless the database's schema version is the one needed; 0 stands for no schema."""
    if version == 0:
        raise SchemaMissingError("the database has no Countersign tables; migrate it first")
    if version < needed:
        raise SchemaOutdatedError(
            f"the database is at schema version {version} of {needed}; migrate it first"
        )
    check_not_newer(version, needed)


def check_not_newer(version: int, needed: int) -> None:
    """Raise `SchemaNewerError` where a newer program has migrated the database."""
    if version > needed:
        raise SchemaNewerError(
            f"the database is at schema version {version}, this program knows {needed}; "
            "install the newer version of Countersign that migrated it"
        )
