"""The keys at hand: unwrapped once, kept in memory, looked up by tenant and generation."""

from __future__ import annotations

import hmac
from contextlib import suppress

from ivr.domain.call import TenantId
from ivr.storage.database import Database, Row, Transaction
from ivr.storage.keys.master import MasterKeys
from ivr.storage.keys.sealing import SealBrokenError, derive, new_key
from ivr.storage.keys.tenant import TenantKey
from ivr.storage.text import storable

INSTALLATION = ("the installation's secret, of stamped rows",)
"""The place that the installation's secret is wrapped for."""
FORMER_INSTALLATION = ("the installation's secret",)
"""The same before there were stamps of rows, until `countersign keys stamp`."""


class Keyring:
    """Every key under one master key; it is `ivr.ports.Keys`.

    `StoreUnavailableError` from what asks the database; `MasterKeyError` and `SealBrokenError`
    where its keys were not wrapped by ours.
    """

    def __init__(
        self, database: Database, master: MasterKeys, secret: bytes, *, stamped: bool = True
    ) -> None:
        self._database = database
        self.master = master
        self.stamped = stamped
        """Whether every row that decides was stamped: without a stamp none is believed then."""
        self._secret = secret
        self._known: dict[tuple[str, int], tuple[bytes, TenantKey]] = {}

    @classmethod
    async def open(cls, database: Database, master: MasterKeys) -> Keyring:
        """Unwrap the installation's secret, or make one in a new database."""
        wrapped = master.wrap(new_key(), *INSTALLATION)
        await database.fetch("make-installation", master.current, wrapped, tenant=None)
        row = await database.fetch_one("find-installation", tenant=None)
        assert row is not None, "it was just made"
        return cls.of(database, master, row)

    @classmethod
    def of(cls, database: Database, master: MasterKeys, row: Row) -> Keyring:
        """Unwrap the installation's secret.

        Whether rows were stamped is told by what it was wrapped for, which nobody changes without
        the master key. `MasterKeyError`, `SealBrokenError`.
        """
        for where in (INSTALLATION, FORMER_INSTALLATION):
            with suppress(SealBrokenError):
                secret = master.unwrap(row["master"], row["secret"], *where)
                return cls(database, master, secret, stamped=where == INSTALLATION)
        raise SealBrokenError(*FORMER_INSTALLATION)

    def replay_key(self, tenant: TenantId) -> bytes:
        """Return the key of a tenant's fingerprints, 32 octets; no rotation changes it."""
        return derive(self._secret, "fingerprints", storable(tenant))

    def outbox_key(self) -> bytes:
        """Return the key that seals verdicts that wait in a folder, 32 octets."""
        return derive(self._secret, "outbox")

    def caller(self, tenant: TenantId, number: str) -> bytes:
        """Return a caller's number as it is stored: a keyed hash, 32 octets."""
        key = derive(self._secret, "callers", storable(tenant))
        return hmac.digest(key, number.encode("utf-8", "surrogatepass"), "sha256")

    def batch_name(self, tenant: TenantId, order: bytes) -> bytes:
        """Return what an order of a batch is known again by: a keyed hash, 32 octets."""
        key = derive(self._secret, "batches", storable(tenant))
        return hmac.digest(key, order, "sha256")

    def batch_stamp(self, tenant: TenantId, item: bytes) -> bytes:
        """Return what proves that an item of a batch is as it was ordered, 32 octets."""
        key = derive(self._secret, "batch items", storable(tenant))
        return hmac.digest(key, item, "sha256")

    def verdict_stamp(self, tenant: TenantId, said: bytes) -> bytes:
        """Return what proves that a verdict is a worker's, 32 octets; no rotation changes it."""
        key = derive(self._secret, "verdicts", storable(tenant))
        return hmac.digest(key, said, "sha256")

    def row_stamp(self, tenant: TenantId, said: bytes) -> bytes:
        """Return what proves that a row is ours, 32 octets; no rotation changes it."""
        key = derive(self._secret, "rows", storable(tenant))
        return hmac.digest(key, said, "sha256")

    def folder_name(self, folder: str) -> str:
        """Return what a folder's jobs are called in the queue: 16 hexadecimal digits."""
        key = derive(self._secret, "folders")
        return hmac.digest(key, folder.encode("utf-8", "surrogatepass"), "sha256")[:8].hex()

    async def key(self, tenant: str, generation: int) -> TenantKey:
        """Return a generation of a tenant's key that is stored for good, and keep it at hand."""
        known = self._known.get((tenant, generation))
        if known is not None:
            return known[1]
        row = await self._database.fetch_one(
            "find-tenant-key", tenant, generation, tenant=TenantId(tenant)
        )
        if row is None:
            raise SealBrokenError("a tenant's key")
        key = self._unwrapped(row)
        self._known[tenant, generation] = row["wrapped"], key
        return key

    async def newest(self, transaction: Transaction, tenant: TenantId) -> TenantKey:
        """Return the key for what is written now, inside the transaction that writes it.

        Of a tenant without keys the first is made; the tenant must be noted. It is not kept at
        hand: where the transaction is rolled back there never was such a key.
        """
        name = storable(tenant)
        row = await transaction.fetch_one("newest-tenant-key", name)
        if row is None:
            await self.make(transaction, tenant, 1)
            row = await transaction.fetch_one("newest-tenant-key", name)
        assert row is not None, "it was just made"
        return self._unwrapped(row)

    async def binds(self, tenant: TenantId) -> bool:
        """Say whether every generation of a tenant's key binds data keys to accounts."""
        rows = await self._database.fetch("keys-of-tenant", storable(tenant), tenant=tenant)
        return all(self._unwrapped(row).binds for row in rows)

    async def make(self, transaction: Transaction, tenant: TenantId, generation: int) -> None:
        """Make a generation of a tenant's key, unless another worker just has."""
        name = storable(tenant)
        wrapped = self.master.wrap(new_key(), *_place(name, generation, binds=True))
        await transaction.execute("add-tenant-key", name, generation, self.master.current, wrapped)

    def rewrapped(self, row: Row) -> bytes:
        """Return a row of tenant_keys wrapped by the current master key."""
        key, binds = self._opened(row)
        return self.master.wrap(key, *_place(row["tenant"], row["generation"], binds=binds))

    def rewrapped_secret(self) -> bytes:
        """Return the installation's secret wrapped by the current master key, as `stamped` is."""
        where = INSTALLATION if self.stamped else FORMER_INSTALLATION
        return self.master.wrap(self._secret, *where)

    def _unwrapped(self, row: Row) -> TenantKey:
        """Return the key of a row of tenant_keys: the one at hand if it is that very row's."""
        tenant, generation, wrapped = row["tenant"], row["generation"], row["wrapped"]
        known = self._known.get((tenant, generation))
        if known is not None and known[0] == wrapped:
            return known[1]
        key, binds = self._opened(row)
        return TenantKey(tenant, generation, key, binds=binds)

    def _opened(self, row: Row) -> tuple[bytes, bool]:
        """Return the key of a row of tenant_keys, and whether it binds data keys to accounts.

        That is told by what it was wrapped for, which nobody changes without the master key.
        """
        for binds in (True, False):
            where = _place(row["tenant"], row["generation"], binds=binds)
            with suppress(SealBrokenError):
                return self.master.unwrap(row["master"], row["wrapped"], *where), binds
        raise SealBrokenError("a tenant's key")


def _place(tenant: str, generation: int, *, binds: bool) -> tuple[str, ...]:
    what = "a tenant's key that binds accounts" if binds else "a tenant's key"
    return (what, tenant, str(generation))
