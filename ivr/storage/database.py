"""The door to PostgreSQL: a small pool, short timeouts, one retry where a connection died."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self, TypeVar

import asyncpg

from ivr.domain.call import TenantId
from ivr.ports import StoreUnavailableError
from ivr.storage.errors import (
    StoreMisconfiguredError,
    address,
    readable_dsn,
    translated,
)
from ivr.storage.kept_alive import KeptAliveConnection
from ivr.storage.migrations import newest_migration
from ivr.storage.notices import heard, pause
from ivr.storage.queries import query
from ivr.storage.text import storable
from ivr.storage.versions import check_schema, check_server, schema_version

T = TypeVar("T")
Row = asyncpg.Record

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection = PoolConnectionProxy[Row]

CONNECT_TIMEOUT_S = 2.0
"""A caller is waiting: a server that does not take a connection by then counts as away."""
COMMAND_TIMEOUT_S = 2.0
CLOSE_TIMEOUT_S = 5.0
QUEUE_TIMEOUT_S = 10.0
"""No caller waits for the queue of jobs."""
POOL_CONNECTIONS = 8

APPLICATION_ROLE = "countersign_app"
"""Owns nothing, and sees one tenant's rows at a time (row-level security)."""

_SETTINGS = {
    "application_name": "countersign",
    "role": APPLICATION_ROLE,
    # Statements here touch a few rows by key: compiling them costs more than running them.
    "jit": "off",
    # What the client has given up must not take effect much later.
    "statement_timeout": "3s",
    "idle_in_transaction_session_timeout": "10s",
    # Times in JSON are compared as text, and where clocks go back one would come twice.
    "timezone": "UTC",
}


class Database:
    """A pool of connections to a database whose schema is the one this program was written for."""

    def __init__(self, pool: asyncpg.Pool[Row], where: str, dsn: str) -> None:
        self._pool = pool
        self._where = where
        self._dsn = dsn

    @classmethod
    async def connect(cls, dsn: str, *, connections: int = POOL_CONNECTIONS) -> Database:
        """Connect and check server and schema.

        Raises `StoreUnreachableError`, `WrongPasswordError`, `UnknownDatabaseError`,
        `ServerTooOldError`, `SchemaMissingError`, `SchemaOutdatedError`, `SchemaNewerError` or
        another `StoreUnavailableError`; none of them quotes the DSN's role or password.
        """
        where = address(dsn)
        with translated(where), readable_dsn():
            await _check(dsn)
            pool = await asyncpg.create_pool(
                dsn,
                min_size=1,
                max_size=connections,
                timeout=CONNECT_TIMEOUT_S,
                command_timeout=COMMAND_TIMEOUT_S,
                connection_class=KeptAliveConnection,
                server_settings=_SETTINGS,
            )
        return cls(pool, where, dsn)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections; those still busy after 5 s are cut."""
        try:
            await asyncio.wait_for(self._pool.close(), CLOSE_TIMEOUT_S)
        except TimeoutError:
            self._pool.terminate()

    @property
    def connections(self) -> dict[str, int]:
        """How many connections are `busy`, how many `idle`, and how many `allowed`."""
        size, idle = self._pool.get_size(), self._pool.get_idle_size()
        return {"busy": size - idle, "idle": idle, "allowed": self._pool.get_max_size()}

    async def time(self) -> datetime:
        """Return the server's time of day: a sign of life, and a clock to compare with."""
        row = await self.fetch_one("time-of-day", tenant=None)
        assert row is not None, "a query of no table has one row"
        now: datetime = row["now"]
        return now

    async def takes_writes(self) -> bool:
        """Say whether the server can be written to; `StoreUnavailableError`."""
        row = await self.fetch_one("takes-writes", tenant=None)
        assert row is not None, "a query of no table has one row"
        return bool(row["writes"])

    @asynccontextmanager
    async def own_connection(self) -> AsyncIterator[asyncpg.Connection[Row]]:
        """Yield a connection outside the pool, in the same role: for what listens and waits.

        Whatever it raises inside is translated: `StoreUnavailableError`.
        """
        with translated(self._where):
            connection = await asyncpg.connect(
                self._dsn,
                timeout=CONNECT_TIMEOUT_S,
                command_timeout=QUEUE_TIMEOUT_S,
                server_settings={**_SETTINGS, "application_name": "countersign jobs"},
            )
            try:
                yield connection
            finally:
                # What is broken cannot be closed politely, and need not be.
                connection.terminate()

    async def fetch(self, name: str, *values: Any, tenant: TenantId | None) -> list[Row]:
        """Run the named query, which must be idempotent, and return its rows.

        It sees the rows of `tenant` alone; with None, of no tenant.
        """
        return await self.transact(lambda one: one.fetch(name, *values), tenant=tenant)

    async def fetch_one(self, name: str, *values: Any, tenant: TenantId | None) -> Row | None:
        """Run the named query, which must be idempotent, and return its first row or None."""
        return await self.transact(lambda one: one.fetch_one(name, *values), tenant=tenant)

    async def transact(
        self, work: Callable[[Transaction], Awaitable[T]], *, tenant: TenantId | None
    ) -> T:
        """Run `work` in a transaction that sees the rows of one tenant, or of none.

        It must be idempotent, as it is run again if cut off.
        """

        async def transaction(connection: Connection) -> T:
            async with connection.transaction():
                await connection.fetchval(query("set-tenant").sql, storable(tenant or ""))
                return await work(Transaction(connection))

        return await self._run(transaction, retry=True)

    async def notices(self, channel: str) -> AsyncIterator[str | None]:
        """Yield what is notified on a channel, for ever, over a connection of its own.

        None at the beginning and wherever the connection was made anew: notices may be missing.
        """
        while True:
            try:
                with translated(self._where):
                    async with (
                        self._pool.acquire(timeout=CONNECT_TIMEOUT_S) as connection,
                        aclosing(heard(connection, channel)) as notices,
                    ):
                        async for notice in notices:
                            yield notice
            except StoreUnavailableError as error:
                await pause(error)

    async def _run(self, work: Callable[[Connection], Awaitable[T]], *, retry: bool) -> T:
        with translated(self._where):
            try:
                async with self._pool.acquire(timeout=CONNECT_TIMEOUT_S) as connection:
                    return await work(connection)
            except TimeoutError:
                # What does not answer is not asked again: the next statement connects anew.
                await self._pool.expire_connections()
                raise
            except _DEAD_CONNECTION:
                if not retry:
                    raise
        await self._pool.expire_connections()
        return await self._run(work, retry=False)


class Transaction:
    """The named queries inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def fetch(self, name: str, *values: Any) -> list[Row]:
        """Run the named query and return its rows."""
        return await self._connection.fetch(query(name).sql, *values)

    async def fetch_one(self, name: str, *values: Any) -> Row | None:
        """Run the named query and return its first row, or None."""
        return await self._connection.fetchrow(query(name).sql, *values)

    async def execute(self, name: str, *values: Any) -> None:
        """Run the named query for its effect."""
        await self._connection.execute(query(name).sql, *values)


_DEAD_CONNECTION = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InterfaceError,
    ConnectionResetError,
    BrokenPipeError,
)
"""What a statement raises on a connection that a restart of the server left behind."""


async def _check(dsn: str) -> None:
    """Raise unless server, schema and role are what the pool's connections need."""
    connection = await asyncpg.connect(
        dsn, timeout=CONNECT_TIMEOUT_S, command_timeout=COMMAND_TIMEOUT_S
    )
    try:
        check_server(connection.get_server_version().major)
        check_schema(await schema_version(connection), newest_migration())
        if not await connection.fetchval(query("is-member").sql, APPLICATION_ROLE):
            raise StoreMisconfiguredError(
                f"the login of the DSN is no member of the role {APPLICATION_ROLE}; as a "
                f"superuser: GRANT {APPLICATION_ROLE} TO the login"
            )
    finally:
        await connection.close(timeout=CONNECT_TIMEOUT_S)
