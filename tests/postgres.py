"""Fixtures: a PostgreSQL for the tests, and a fresh database for each of them.

By default an embedded server in a temporary folder; `COUNTERSIGN_TEST_DSN` names a server to use
instead, whose role may create databases.
"""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest

from ivr.storage import database as database_module
from ivr.storage.cluster import Cluster
from ivr.storage.database import Database
from ivr.storage.keys import Keyring, MasterKeys
from ivr.storage.migrate import migrate
from ivr.storage.patience import patiently
from ivr.storage.store import PostgresStore
from tests.patience import PATIENCE_S

TEST_DSN_VARIABLE = "COUNTERSIGN_TEST_DSN"
MASTER = MasterKeys((bytes(range(32)),))
"""The master key of every database here."""
QUICK = {"fsync": "off"}
"""A test's database need not survive a loss of power."""


@pytest.fixture(scope="session")
def postgres_folder() -> Iterator[Path]:
    """A folder with a short path (a unix socket lies in it), removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="countersign-test-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def server_dsn(postgres_folder: Path) -> Iterator[str]:
    """The DSN of a role that may create databases on the tests' server."""
    given = os.environ.get(TEST_DSN_VARIABLE)
    if given:
        yield given
        return
    cluster = Cluster(postgres_folder / "shared", QUICK)
    cluster.prepare()
    cluster.start()
    yield cluster.dsn("postgres", "postgres")
    cluster.stop("immediate")


@pytest.fixture(scope="session")
def template_database(server_dsn: str) -> Iterator[str]:
    """The name of a migrated database to copy; a copy takes some 30 ms, migrating it anew more."""
    name = f"countersign_template_{uuid4().hex[:8]}"
    asyncio.run(_make_template(server_dsn, name))
    yield name
    asyncio.run(execute(server_dsn, f'DROP DATABASE "{name}" WITH (FORCE)'))


async def _make_template(server_dsn: str, name: str) -> None:
    await execute(server_dsn, f'CREATE DATABASE "{name}"')
    await patiently(partial(migrate, with_database(server_dsn, name)))


@pytest.fixture
def patient_database(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait longer for PostgreSQL than a caller would.

    A machine that is busy with other tests is no fault; tests of what is too slow for a call have
    a server of their own.
    """
    for name in ("CONNECT_TIMEOUT_S", "COMMAND_TIMEOUT_S", "QUEUE_TIMEOUT_S"):
        monkeypatch.setattr(database_module, name, PATIENCE_S)
    monkeypatch.setitem(database_module._SETTINGS, "statement_timeout", f"{PATIENCE_S:g}s")


@pytest.fixture
async def database_dsn(
    server_dsn: str, template_database: str, patient_database: None
) -> AsyncIterator[str]:
    """The DSN of a fresh, migrated database of the test's own."""
    name = f"countersign_{uuid4().hex[:12]}"
    await execute(server_dsn, f'CREATE DATABASE "{name}" TEMPLATE "{template_database}"')
    yield with_database(server_dsn, name)
    await execute(server_dsn, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
async def empty_database_dsn(server_dsn: str) -> AsyncIterator[str]:
    """The DSN of a fresh database without any table."""
    name = f"countersign_{uuid4().hex[:12]}"
    await execute(server_dsn, f'CREATE DATABASE "{name}"')
    yield with_database(server_dsn, name)
    await execute(server_dsn, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
async def database(database_dsn: str) -> AsyncIterator[Database]:
    """An open pool on a fresh database."""
    async with await Database.connect(database_dsn) as database:
        yield database


@pytest.fixture
async def keyring(database: Database) -> Keyring:
    """The keys of a fresh database."""
    return await Keyring.open(database, MASTER)


@pytest.fixture
def postgres_store(database: Database, keyring: Keyring) -> PostgresStore:
    """The real profile store on a fresh database."""
    return PostgresStore(database, keyring)


@pytest.fixture(scope="session")
def _own_cluster(postgres_folder: Path) -> Iterator[Cluster]:
    cluster = Cluster(postgres_folder / "own", QUICK)
    cluster.prepare()
    yield cluster
    cluster.stop("immediate")


@pytest.fixture
async def own_cluster(_own_cluster: Cluster) -> Cluster:
    """A running server that nobody else uses and that the test may stop, its database fresh.

    `stop` and `start` block: call them through `asyncio.to_thread`.
    """
    await asyncio.to_thread(_own_cluster.start)
    superuser = _own_cluster.dsn("postgres", "postgres")
    await execute(superuser, "DROP DATABASE IF EXISTS countersign WITH (FORCE)")
    await execute(superuser, "CREATE DATABASE countersign OWNER countersign")
    await patiently(partial(migrate, _own_cluster.dsn()))
    return _own_cluster


@pytest.fixture(scope="session")
def password_cluster(postgres_folder: Path) -> Iterator[Cluster]:
    """A server that asks for a password."""
    folder = postgres_folder / "password"
    folder.mkdir(mode=0o711)
    rules = folder / "pg_hba.conf"
    rules.write_text("local all postgres trust\nlocal all all scram-sha-256\n")
    rules.chmod(0o644)
    cluster = Cluster(folder, {"hba_file": str(rules), "fsync": "off"})
    cluster.prepare()
    cluster.start()
    cluster.sql("ALTER ROLE countersign PASSWORD 's/ecret'")
    yield cluster
    cluster.stop("immediate")


async def store_on(database: Database) -> PostgresStore:
    """Return a store on a database, with its keys."""
    return PostgresStore(database, await Keyring.open(database, MASTER))


def write_master(path: Path) -> Path:
    """Write the master key of the tests to a file, for a process of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(base64.b64encode(MASTER.keys[0]))
    return path


async def execute(dsn: str, statement: str) -> None:
    """Run one statement on a connection of its own."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def column(dsn: str, sql: str) -> list[object]:
    """Return the first column of what a query finds, above row-level security."""
    connection = await asyncpg.connect(dsn)
    try:
        return [row[0] for row in await connection.fetch(sql)]
    finally:
        await connection.close()


def with_database(dsn: str, name: str) -> str:
    """Return the DSN with another database in it."""
    return urlsplit(dsn)._replace(path=f"/{name}").geturl()
