"""What is kept: the configured database, its keys, and the outbox before it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from ivr.config import Configuration
from ivr.domain.lockout import LockoutRules
from ivr.storage import (
    Database,
    EmbeddedPostgres,
    Keyring,
    MasterKeys,
    Outbox,
    PostgresStore,
    make_master_file,
    master_from_command,
    master_from_file,
    migrate,
    patiently,
)


def database_folder(configuration: Configuration) -> Path:
    """Return where the embedded PostgreSQL lives."""
    return Path(configuration.database.folder).absolute()


def outbox_folder(configuration: Configuration) -> Path:
    """Return where verdicts wait; a relative one lies beside the embedded PostgreSQL's files."""
    return Path(configuration.database.folder, configuration.database.outbox).absolute()


def lockout_rules(configuration: Configuration) -> LockoutRules:
    """Return what follows on a profile's REJECTs in a row."""
    lockout = configuration.lockout
    return LockoutRules(lockout.delay_after, lockout.delay_s, lockout.lock_after)


@asynccontextmanager
async def database_of(configuration: Configuration) -> AsyncIterator[Database]:
    """Connect to the configured server, or start the embedded one and make its schema."""
    async with AsyncExitStack() as stack:
        dsn = configuration.database.dsn
        if not dsn:
            embedded = EmbeddedPostgres(database_folder(configuration))
            dsn = (await stack.enter_async_context(embedded)).dsn
            await patiently(partial(migrate, dsn))
        database = await patiently(partial(Database.connect, dsn))
        yield await stack.enter_async_context(database)


async def keyring_of(configuration: Configuration, database: Database) -> Keyring:
    """Read the master key and open the database's keys with it; `MasterKeyError`."""
    master = await asyncio.to_thread(master_keys, configuration)
    return await patiently(partial(Keyring.open, database, master))


def master_keys(configuration: Configuration) -> MasterKeys:
    """Read the configured master keys; the embedded database makes itself one."""
    keys = configuration.keys
    if keys.master_command:
        return master_from_command(keys.master_command)
    if keys.master_file:
        return master_from_file(Path(keys.master_file))
    return make_master_file(database_folder(configuration) / "master-key")


def outbox_of(configuration: Configuration, database: Database, keyring: Keyring) -> Outbox:
    """Return the store, with the folder for what it cannot take."""
    store = PostgresStore(database, keyring, lockout_rules(configuration))
    return Outbox(
        outbox_folder(configuration),
        store,
        keyring.outbox_key(),
        patience_s=configuration.database.patience_s,
    )
