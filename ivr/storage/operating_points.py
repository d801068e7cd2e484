"""How sure each tenant wants to be, where it has said so."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from ivr.domain.call import TenantId
from ivr.storage.audit import AuditEvent, note
from ivr.storage.database import Database, Transaction
from ivr.storage.text import storable


class PointPurpose(StrEnum):
    """What a rate is for."""

    VERIFICATION = "verification"
    IDENTIFICATION = "identification"
    ENROLLMENT = "enrollment"
    """For the warning that a voice is enrolled already."""
    WATCHLIST = "watchlist"


class OperatingPoints:
    """The rates tenants have set. `StoreUnavailableError` from every method."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, tenant: TenantId) -> Mapping[PointPurpose, float]:
        """Return the rates, in (0, 1), of the purposes for which the tenant has set one."""
        rows = await self._database.fetch("operating-points", storable(tenant), tenant=tenant)
        return {PointPurpose(row["purpose"]): row["target_fmr"] for row in rows}

    async def set(
        self, tenant: TenantId, purpose: PointPurpose, rate: float, *, who: str, why: str
    ) -> None:
        """Set a rate, in (0, 1)."""

        async def work(transaction: Transaction) -> None:
            await transaction.execute("note-tenant", storable(tenant))
            await transaction.execute("set-operating-point", storable(tenant), purpose, rate)
            what = AuditEvent.OPERATING_POINT_CHANGED
            await note(transaction, what, tenant, None, who, f"{purpose} {rate:g}: {why}")

        await self._database.transact(work, tenant=tenant)

    async def drop(self, tenant: TenantId, purpose: PointPurpose, *, who: str, why: str) -> bool:
        """Go back to the configuration's rate; False where that held already."""

        async def work(transaction: Transaction) -> bool:
            names = (storable(tenant), purpose)
            row = await transaction.fetch_one("drop-operating-point", *names)
            if row is not None:
                what = AuditEvent.OPERATING_POINT_CHANGED
                await note(transaction, what, tenant, None, who, f"{purpose} dropped: {why}")
            return row is not None

        return await self._database.transact(work, tenant=tenant)
