"""Whom a tenant looks for: watchlists of suspects' voices, and named groups of profiles."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid4

from engine.types import Voiceprint
from ivr.domain.call import AccountId, TenantId
from ivr.storage.audit import AuditEvent, note
from ivr.storage.database import Database, Transaction
from ivr.storage.keys import Keyring
from ivr.storage.rows import suspect_columns
from ivr.storage.stamps import GROUP_MEMBERS
from ivr.storage.text import storable


class Watchlists:
    """An operator's hand on watchlists and groups. `StoreUnavailableError` from every method.

    `who` and `why` go to the audit trail, as with `ProfileAdministration`.
    """

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def add_suspect(
        self,
        tenant: TenantId,
        watchlist: str,
        voiceprints: Sequence[Voiceprint],
        *,
        who: str,
        why: str,
    ) -> UUID:
        """Watch for a voice from now on, and return the suspect's id.

        No parts of a passphrase are kept: callers may say anything. Raises `ValueError` without a
        voiceprint.
        """
        if not voiceprints:
            raise ValueError("a suspect is known by at least one voiceprint")
        suspect = uuid4()

        async def work(transaction: Transaction) -> None:
            name = storable(tenant)
            await transaction.execute("note-tenant", name)
            await transaction.execute("note-watchlist", name, storable(watchlist))
            tenant_key = await self._keyring.newest(transaction, tenant)
            key, wrapped = tenant_key.new_person(suspect, None)
            await transaction.execute(
                "add-suspect", suspect, name, storable(watchlist), tenant_key.generation, wrapped
            )
            for voiceprint in voiceprints:
                columns = suspect_columns(voiceprint, suspect, key)
                await transaction.execute("add-suspect-voiceprint", name, suspect, *columns)
            await note(transaction, AuditEvent.SUSPECT_ADDED, tenant, suspect, who, why)

        await self._database.transact(work, tenant=tenant)
        return suspect

    async def remove_suspect(self, tenant: TenantId, suspect: UUID, *, who: str, why: str) -> bool:
        """Forget a suspect, key and voice; False if unknown."""

        async def work(transaction: Transaction) -> bool:
            row = await transaction.fetch_one("remove-suspect", storable(tenant), suspect)
            if row is not None:
                what = AuditEvent.SUSPECT_REMOVED
                await note(transaction, what, tenant, suspect, who, why)
            return row is not None

        return await self._database.transact(work, tenant=tenant)

    async def join(
        self, tenant: TenantId, group: str, account: AccountId, *, who: str, why: str
    ) -> bool:
        """Make a person a member of a group, which is made if need be; False if unknown."""

        async def work(transaction: Transaction) -> bool:
            owner, name = storable(tenant), storable(group)
            row = await transaction.fetch_one("hold-profile", owner, storable(account))
            if row is None:
                return False
            await transaction.execute("note-group", owner, name)
            member = {"tenant": owner, "name": name, "profile": row["id"]}
            stamp = GROUP_MEMBERS.stamp(member, self._keyring)
            await transaction.execute("join-group", *member.values(), stamp)
            await note(transaction, AuditEvent.GROUP_CHANGED, tenant, row["id"], who, why)
            return True

        return await self._database.transact(work, tenant=tenant)

    async def leave(
        self, tenant: TenantId, group: str, account: AccountId, *, who: str, why: str
    ) -> bool:
        """Take a person out of a group; False where it was not in it."""

        async def work(transaction: Transaction) -> bool:
            names = (storable(tenant), storable(group), storable(account))
            row = await transaction.fetch_one("leave-group", *names)
            if row is not None:
                what = AuditEvent.GROUP_CHANGED
                await note(transaction, what, tenant, row["profile"], who, why)
            return row is not None

        return await self._database.transact(work, tenant=tenant)
