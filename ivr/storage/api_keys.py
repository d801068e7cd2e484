"""The keys of programs that may use the API: found by id, known by the hash of a secret."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ivr.domain.call import TenantId
from ivr.storage.audit import AuditEvent, note
from ivr.storage.database import Database, Transaction
from ivr.storage.keys import Keyring
from ivr.storage.stamps import API_KEYS
from ivr.storage.text import storable


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What a key's holder is measured by."""

    id: UUID
    tenant: TenantId
    hash: bytes
    """SHA-256 of the secret, 32 octets."""
    scopes: frozenset[str]
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class ApiKeySummary:
    """What may be shown of a key."""

    id: UUID
    tenant: TenantId
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class ApiKeys:
    """The keys of a database. `StoreUnavailableError` from every method."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def find(self, key: UUID) -> ApiKey | None:
        """Return the key of that id, whosever it is, revoked and expired ones too.

        One that nobody of us made is none; the log tells of it.
        """
        row = await self._database.fetch_one("find-api-key", key, tenant=None)
        if row is None:
            return None
        in_force = row["revoked_at"] is None
        if in_force and not API_KEYS.is_believed(row, row["stamp"], self._keyring):
            return None
        return ApiKey(
            row["id"],
            TenantId(row["tenant"]),
            row["hash"],
            frozenset(row["scopes"]),
            row["expires_at"],
            row["revoked_at"],
        )

    async def add(
        self,
        tenant: TenantId,
        key: UUID,
        name: str,
        hashed: bytes,
        scopes: Iterable[str],
        expires_at: datetime | None,
        *,
        who: str,
        why: str,
    ) -> None:
        """Write a new key; `hashed` is SHA-256 of its secret."""
        owner, allowed = storable(tenant), list(scopes)
        row = {"id": key, "tenant": owner, "hash": hashed}
        row |= {"scopes": allowed, "expires_at": expires_at}
        stamp = API_KEYS.stamp(row, self._keyring)
        columns = (storable(name), hashed, allowed, expires_at, stamp)

        async def work(transaction: Transaction) -> None:
            await transaction.execute("note-tenant", owner)
            await transaction.execute("add-api-key", key, owner, *columns)
            await note(transaction, AuditEvent.API_KEY_MADE, tenant, key, who, why)

        await self._database.transact(work, tenant=tenant)

    async def list(self, tenant: TenantId) -> Sequence[ApiKeySummary]:
        """Return a tenant's keys by name, revoked ones too."""
        rows = await self._database.fetch("list-api-keys", storable(tenant), tenant=tenant)
        return tuple(
            ApiKeySummary(
                row["id"],
                TenantId(row["tenant"]),
                row["name"],
                tuple(row["scopes"]),
                row["created_at"],
                row["expires_at"],
                row["revoked_at"],
            )
            for row in rows
        )

    async def revoke(self, tenant: TenantId, key: UUID, *, who: str, why: str) -> bool:
        """Take a key no longer; False where the tenant has no such key, or not any more."""

        async def work(transaction: Transaction) -> bool:
            row = await transaction.fetch_one("revoke-api-key", storable(tenant), key)
            if row is not None:
                await note(transaction, AuditEvent.API_KEY_REVOKED, tenant, key, who, why)
            return row is not None

        return await self._database.transact(work, tenant=tenant)
