"""Where everything is kept: PostgreSQL through asyncpg, and a folder for verdicts it missed."""

from ivr.storage.administration import ProfileAdministration, ProfileDetails, ProfileSummary
from ivr.storage.database import Database
from ivr.storage.embedded import EmbeddedPostgres
from ivr.storage.errors import (
    EmbeddedPostgresError,
    MasterKeyError,
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
from ivr.storage.keys import (
    Keyring,
    MasterKeys,
    SealBrokenError,
    make_master_file,
    master_from_command,
    master_from_file,
)
from ivr.storage.migrate import migrate
from ivr.storage.outbox import Outbox
from ivr.storage.store import PostgresStore
from ivr.storage.watchlists import Watchlists

__all__ = [
    "Database",
    "EmbeddedPostgres",
    "EmbeddedPostgresError",
    "Keyring",
    "MasterKeyError",
    "MasterKeys",
    "Outbox",
    "OutboxError",
    "PostgresStore",
    "ProfileAdministration",
    "ProfileDetails",
    "ProfileSummary",
    "SchemaMissingError",
    "SchemaNewerError",
    "SchemaOutdatedError",
    "SealBrokenError",
    "ServerTooOldError",
    "StoreMisconfiguredError",
    "StoreRefusedError",
    "StoreUnreachableError",
    "UnknownDatabaseError",
    "Watchlists",
    "WrongPasswordError",
    "make_master_file",
    "master_from_command",
    "master_from_file",
    "migrate",
]
