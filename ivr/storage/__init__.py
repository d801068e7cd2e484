"""Where everything is kept: PostgreSQL through asyncpg, and a folder for verdicts it missed."""

from ivr.storage.administration import ProfileAdministration, ProfileDetails, ProfileSummary
from ivr.storage.database import Database
from ivr.storage.embedded import EmbeddedPostgres
from ivr.storage.errors import (
    EmbeddedPostgresError,
    OutboxError,
    SchemaMissingError,
    SchemaNewerError,
    SchemaOutdatedError,
    ServerTooOldError,
    StoreMisconfiguredError,
    StoreRefusedError,
    StoreUnreachableError,
    UnknownDatabaseError,
    WrongPasswordError,
)
from ivr.storage.migrate import migrate
from ivr.storage.outbox import Outbox
from ivr.storage.store import PostgresStore

__all__ = [
    "Database",
    "EmbeddedPostgres",
    "EmbeddedPostgresError",
    "Outbox",
    "OutboxError",
    "PostgresStore",
    "ProfileAdministration",
    "ProfileDetails",
    "ProfileSummary",
    "SchemaMissingError",
    "SchemaNewerError",
    "SchemaOutdatedError",
    "ServerTooOldError",
    "StoreMisconfiguredError",
    "StoreRefusedError",
    "StoreUnreachableError",
    "UnknownDatabaseError",
    "WrongPasswordError",
    "migrate",
]
