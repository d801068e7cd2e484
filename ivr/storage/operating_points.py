"""How sure each tenant wants to be, where it has said so."""

from __future__ import annotations

from collections.abc import Sequence

from ivr.domain.call import TenantId
from ivr.domain.operating_point import OwnRates, PointPurpose
from ivr.storage.audit import AuditEvent, note
from ivr.storage.database import Database, Row, Transaction
from ivr.storage.keys import Keyring
from ivr.storage.stamps import OPERATING_POINTS
from ivr.storage.text import storable


class OperatingPoints:
    """The rates tenants have set. `StoreUnavailableError` from every method."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def of(self, tenant: TenantId) -> OwnRates:
        """Return the rates, in (0, 1), of the purposes for which the tenant has set one.

        `RowNotOursError` where somebody else has.
        """
        rows = await self._database.fetch("operating-points", storable(tenant), tenant=tenant)
        return rates_from(rows, self._keyring)

    async def set(
        self, tenant: TenantId, purpose: PointPurpose, rate: float, *, who: str, why: str
    ) -> None:
        """Set a rate, in (0, 1)."""
        name = storable(tenant)
        row = {"tenant": name, "purpose": purpose, "target_fmr": rate}
        stamp = OPERATING_POINTS.stamp(row, self._keyring)

        async def work(transaction: Transaction) -> None:
            await transaction.execute("note-tenant", name)
            await transaction.execute("set-operating-point", name, purpose, rate, stamp)
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


def rates_from(rows: Sequence[Row], keyring: Keyring) -> OwnRates:
    """Return the rates of rows of the table; `RowNotOursError` unless all of them are ours."""
    for row in rows:
        OPERATING_POINTS.check(row, row["stamp"], keyring)
    return {PointPurpose(row["purpose"]): row["target_fmr"] for row in rows}
