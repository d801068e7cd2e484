"""Keys at hand: what a transaction made that was rolled back is never sealed with."""

from __future__ import annotations

import pytest

from ivr.domain.call import TenantId
from ivr.storage.database import Database, Transaction
from ivr.storage.keys import Keyring, SealBrokenError, TenantKey
from ivr.storage.keys.rotation import rotate_tenant
from ivr.storage.store import PostgresStore
from tests.postgres import MASTER, store_on
from tests.unit.storage.records import ACCOUNT, TENANT, enrolled


class CutOnce(Keyring):
    """Keys whose connection dies once, when a transaction has just got the newest of them."""

    cut = False

    async def newest(self, transaction: Transaction, tenant: TenantId) -> TenantKey:
        """Return it, but for the first time."""
        key = await super().newest(transaction, tenant)
        if not self.cut:
            self.cut = True
            raise ConnectionResetError
        return key


@pytest.fixture
async def cut_once(database: Database) -> Keyring:
    """The keys of a fresh database, over a connection that will die."""
    return await CutOnce.open(database, MASTER)


async def _readable(database: Database, keyring: Keyring) -> None:
    """The person's voice opens here, and in a process that has only what is stored."""
    for store in (PostgresStore(database, keyring), await store_on(database)):
        profile = await store.find(TENANT, ACCOUNT)
        assert profile is not None
        assert len(profile.voiceprints) == 3


async def test_an_enrollment_that_was_cut_off_is_sealed_with_a_key_that_is_kept(
    database: Database, cut_once: Keyring
) -> None:
    """The tenant's first: its first key went with the connection, and another was made."""
    await PostgresStore(database, cut_once).enroll(enrolled())
    await _readable(database, cut_once)


async def test_a_rotation_that_was_cut_off_turns_to_a_key_that_is_kept(
    database: Database, cut_once: Keyring, postgres_store: PostgresStore
) -> None:
    """Everybody would be lost with the command that ran it."""
    await postgres_store.enroll(enrolled())
    rotation = rotate_tenant(database, cut_once, TENANT, who="ann", why="yearly")
    assert [count async for count in rotation] == [1]
    await _readable(database, cut_once)


async def test_a_key_that_was_rolled_back_is_not_at_hand(
    database: Database, keyring: Keyring
) -> None:
    """Whoever asks for it is told that there is none."""

    async def work(transaction: Transaction) -> None:
        await transaction.execute("note-tenant", TENANT)
        await keyring.newest(transaction, TENANT)
        raise LookupError

    with pytest.raises(LookupError):
        await database.transact(work, tenant=TENANT)
    with pytest.raises(SealBrokenError):
        await keyring.key(TENANT, 1)
