"""Callers of a number that were rejected again and again, and how they are let in again."""

from __future__ import annotations

from ivr.domain.call import TenantId
from ivr.storage.audit import AuditEvent, note
from ivr.storage.database import Database, Transaction
from ivr.storage.keys import Keyring
from ivr.storage.text import storable


async def unlock_caller(
    database: Database, keyring: Keyring, tenant: TenantId, number: str, *, who: str, why: str
) -> bool:
    """Count the REJECTs of a caller's number anew; False where there were none.

    The audit trail keeps that it was done, not for which number. Raises `StoreUnavailableError`.
    """
    caller = keyring.caller(tenant, number)

    async def work(transaction: Transaction) -> bool:
        # The entry first: closing a verification takes the two locks in this order.
        await note(transaction, AuditEvent.CALLER_UNLOCKED, tenant, None, who, why)
        row = await transaction.fetch_one("release-caller", storable(tenant), caller)
        return row is not None

    return await database.transact(work, tenant=tenant)
