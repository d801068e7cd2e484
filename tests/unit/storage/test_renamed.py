"""A voice is its account's: who can write the tables, without the keys, moves it to no other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from engine.types import ModelId
from ivr.domain.call import AccountId, TenantId
from ivr.storage.database import Database, Transaction
from ivr.storage.holding import holding
from ivr.storage.keys import Keyring, MasterKeys, SealBrokenError
from ivr.storage.keys import keyring as keyring_module
from ivr.storage.keys.rotation import rotate_master, rotate_tenant
from ivr.storage.reextraction import next_material
from ivr.storage.store import PostgresStore
from ivr.storage.watchlists import Watchlists
from tests.postgres import MASTER, execute
from tests.unit.storage.records import (
    ACCOUNT,
    TENANT,
    enrolled,
    voiceprint,
)

OTHER_MODEL = ModelId("telephone/2")
THIEF = AccountId("thief")
EXCHANGE = f"""
SET ROLE countersign_app;
SELECT set_config('countersign.tenant', '{TENANT}', false);
UPDATE profiles SET account = 'elsewhere' WHERE account = '{ACCOUNT}';
UPDATE profiles SET account = '{ACCOUNT}' WHERE account = '{THIEF}';
"""
"""As whoever has the DSN: the account is the thief's profile's from now on."""

Read = Callable[[Database, Keyring], Awaitable[object]]


async def _found(database: Database, keyring: Keyring) -> object:
    return await PostgresStore(database, keyring).find(TENANT, ACCOUNT)


async def _all(database: Database, keyring: Keyring) -> object:
    return await PostgresStore(database, keyring).enrolled(TENANT, 10)


async def _held(database: Database, keyring: Keyring) -> object:
    return await holding(database, keyring, TENANT, ACCOUNT, who="ann", why="asked")


async def _material(database: Database, keyring: Keyring) -> object:
    shown = await database.fetch_one("show-profile", TENANT, ACCOUNT, tenant=TENANT)
    assert shown is not None
    return await next_material(database, keyring, TENANT, shown["id"], OTHER_MODEL)


async def _turned(database: Database, keyring: Keyring) -> object:
    return [each async for each in rotate_tenant(database, keyring, TENANT, who="ann", why="x")]


class Former(Keyring):
    """Keys as they were made before they bound data keys to accounts."""

    async def make(self, transaction: Transaction, tenant: TenantId, generation: int) -> None:
        """Make one of that kind."""
        where = keyring_module._place(tenant, generation, binds=False)
        wrapped = self.master.wrap(bytes(range(32)), *where)
        current = self.master.current
        await transaction.execute("add-tenant-key", tenant, generation, current, wrapped)


async def _two(database: Database, keyring: Keyring) -> None:
    store = PostgresStore(database, keyring)
    await store.enroll(enrolled())
    await store.enroll(enrolled(THIEF))


@pytest.mark.parametrize("read", [_found, _all, _held, _material, _turned])
async def test_a_voice_under_another_account_does_not_open(
    database: Database, database_dsn: str, keyring: Keyring, read: Read
) -> None:
    """Where accounts were exchanged in the table, one person would pass for another."""
    await _two(database, keyring)
    await execute(database_dsn, EXCHANGE)
    with pytest.raises(SealBrokenError):
        await read(database, keyring)


async def test_what_was_wrapped_before_opens_and_is_bound_by_a_rotation(
    database: Database, database_dsn: str
) -> None:
    """Of an older program's profiles and suspects none is lost; then they are as new ones."""
    former = await Former.open(database, MASTER)
    await _two(database, former)
    suspect = [voiceprint(7)]
    watchlists = Watchlists(database, former)
    await watchlists.add_suspect(TENANT, "fraud", suspect, who="ann", why="x")
    keyring = await Keyring.open(database, MASTER)
    await _opens(database, keyring)
    await _turned(database, keyring)
    await _opens(database, keyring)
    await execute(database_dsn, EXCHANGE)
    with pytest.raises(SealBrokenError):
        await _found(database, await Keyring.open(database, MASTER))


@pytest.mark.parametrize("kind", [Keyring, Former])
async def test_another_master_key_wraps_a_tenants_key_for_what_it_was(
    database: Database, kind: type[Keyring]
) -> None:
    """It binds to accounts as before, or does not."""
    await _two(database, await kind.open(database, MASTER))
    master = MasterKeys((bytes(32), *MASTER.keys))
    both = await Keyring.open(database, master)
    assert await rotate_master(database, both, (TENANT,), who="ann", why="yearly") == 1
    keyring = await Keyring.open(database, MasterKeys((bytes(32),)))
    assert (await keyring.key(TENANT, 1)).binds is (kind is Keyring)
    assert await _found(database, keyring) is not None


async def _opens(database: Database, keyring: Keyring) -> None:
    store = PostgresStore(database, keyring)
    assert len(await store.enrolled(TENANT, 10)) == 2
    (watched,) = await store.watchlist(TENANT)
    assert len(watched.voiceprints) == 1
