"""The one seam where the errors of asyncpg and the network become ours, without secrets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import asyncpg

from ivr.ports import StoreUnavailableError

OLDEST_SERVER = 15
"""PostgreSQL 15 brought `ON DELETE SET NULL (column)`, on which the schema rests."""


class StoreUnreachableError(StoreUnavailableError):
    """Nobody answers where PostgreSQL should be, or not in time."""


class StoreSlowError(StoreUnreachableError):
    """PostgreSQL did not answer in time; it may yet be there."""


class StoreRefusedError(StoreUnavailableError):
    """PostgreSQL is there and refuses this very statement: trying it again does not help."""


class StoreMisconfiguredError(StoreUnavailableError):
    """PostgreSQL is there and cannot be used as configured (the operator's to mend)."""


class WrongPasswordError(StoreMisconfiguredError):
    """The role or its password is not accepted."""


class UnknownDatabaseError(StoreMisconfiguredError):
    """The server has no database of that name."""


class ServerTooOldError(StoreMisconfiguredError):
    """The server is older than PostgreSQL 15."""


class SchemaMissingError(StoreMisconfiguredError):
    """The database has none of our tables."""


class SchemaOutdatedError(StoreMisconfiguredError):
    """The database waits for a migration."""


class SchemaNewerError(StoreMisconfiguredError):
    """The database was migrated by a newer version of the program."""


class MasterKeyError(StoreMisconfiguredError):
    """The master key cannot be read, or is not the one that the database's keys are wrapped by."""


class OutboxError(StoreUnavailableError):
    """The folder for verdicts that PostgreSQL missed cannot be used (the operator's to mend)."""

    def __init__(self, found: str) -> None:
        super().__init__(
            f"verdicts cannot be kept in the folder that database.outbox names ({found}); choose a "
            "folder of this user's own, or mend its owner and mode"
        )


class EmbeddedPostgresError(StoreMisconfiguredError):
    """The embedded PostgreSQL cannot be set up or started in its folder."""


def address(dsn: str) -> str:
    """Name the server and database of a DSN for a message: never the role or the password."""
    try:
        parts = urlsplit(dsn)
        host = parse_qs(parts.query).get("host", [parts.hostname or "localhost"])[0]
        return f"database {parts.path.strip('/') or '(default)'} at {host}:{parts.port or 5432}"
    except ValueError:
        return "the configured database"


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Raise a `StoreUnavailableError` for whatever asyncpg or the network raises inside.

    `where` is the `address` of the server. The original is cut off where it may quote values: what
    PostgreSQL says of a row can hold an account.
    """
    try:
        yield
    except (OSError, TimeoutError, asyncpg.InternalClientError) as error:
        raise _unreachable(error, where) from error
    except asyncpg.ClientConfigurationError:
        raise _unreadable_dsn() from None
    except asyncpg.InterfaceError as error:
        if isinstance(error, ValueError):
            raise StoreRefusedError(f"{where}: a value does not fit its column") from None
        raise _unreachable(error, where) from error
    except asyncpg.PostgresError as error:
        raise _refused(error, where) from None


def connection_lost(error: BaseException) -> bool:
    """Say whether this is how asyncpg tells that PostgreSQL went away: no fault of the program.

    An `InterfaceError` is one as well where a connection is used wrongly; its words alone differ.
    """
    if isinstance(error, asyncpg.InterfaceError):
        return "connection is closed" in str(error)
    return isinstance(error, _GONE)


@contextmanager
def readable_dsn() -> Iterator[None]:
    """Raise `StoreMisconfiguredError` for a DSN that does not parse, without quoting any of it."""
    try:
        yield
    except ValueError:
        raise _unreadable_dsn() from None


_GONE = (
    ConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
)


def _unreachable(error: Exception, where: str) -> StoreUnreachableError:
    what = str(error) or "no answer in time"
    blame = StoreSlowError if isinstance(error, TimeoutError) else StoreUnreachableError
    return blame(
        f"{where} cannot be reached ({what}); check that PostgreSQL runs and that host and port "
        "of the DSN are right"
    )


def _unreadable_dsn() -> StoreMisconfiguredError:
    return StoreMisconfiguredError(
        "the DSN cannot be read; it is postgresql://role:password@host:port/database, with "
        "characters such as / @ : # in the password written in percent encoding"
    )


def _refused(error: asyncpg.PostgresError, where: str) -> StoreUnavailableError:
    for kinds, blame, advice in _ADVICE:
        if isinstance(error, kinds):
            return blame(f"{where}: {advice} (SQLSTATE {_sqlstate(error)})")
    return StoreUnavailableError(
        f"{where}: PostgreSQL failed with {type(error).__name__} (SQLSTATE {_sqlstate(error)}); "
        "see its log"
    )


def _sqlstate(error: asyncpg.PostgresError) -> str:
    constraint = getattr(error, "constraint_name", None)
    return f"{error.sqlstate}, constraint {constraint}" if constraint else str(error.sqlstate)


_ADVICE: tuple[
    tuple[tuple[type[asyncpg.PostgresError], ...], type[StoreUnavailableError], str], ...
] = (
    (
        (asyncpg.InvalidAuthorizationSpecificationError,),
        WrongPasswordError,
        "the role or its password is not accepted; check both in the DSN, and pg_hba.conf",
    ),
    (
        (asyncpg.InvalidCatalogNameError,),
        UnknownDatabaseError,
        "there is no such database on the server; create it, or mend its name in the DSN",
    ),
    (
        (asyncpg.InsufficientPrivilegeError,),
        StoreMisconfiguredError,
        "the role may not do this; to migrate, it must be the owner of the database, and to work, "
        "a member of the role countersign_app",
    ),
    (
        (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError, asyncpg.UndefinedObjectError),
        SchemaMissingError,
        "the tables are not as this version needs them; migrate the database",
    ),
    (
        (asyncpg.ReadOnlySQLTransactionError,),
        StoreMisconfiguredError,
        "the server is read-only, perhaps a standby; let the DSN name the primary",
    ),
    (
        (asyncpg.DiskFullError,),
        StoreUnavailableError,
        "PostgreSQL's disk is full; free space on it",
    ),
    (
        (asyncpg.TooManyConnectionsError,),
        StoreUnavailableError,
        "the server has no connection left; raise max_connections or run fewer workers",
    ),
    (
        (asyncpg.CannotConnectNowError, asyncpg.AdminShutdownError, asyncpg.CrashShutdownError),
        StoreUnreachableError,
        "the server is starting or stopping; it should be back by itself",
    ),
    (
        (asyncpg.PostgresConnectionError,),
        StoreUnreachableError,
        "the connection broke; check that PostgreSQL runs",
    ),
    (
        (
            asyncpg.IntegrityConstraintViolationError,
            asyncpg.exceptions.DataError,
            asyncpg.SyntaxOrAccessError,
        ),
        StoreRefusedError,
        "the statement is refused",
    ),
)
