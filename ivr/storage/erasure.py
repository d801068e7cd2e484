"""What erasing a person deletes, whoever asks for it: one function for all of them."""

from __future__ import annotations

from ivr.domain.call import TenantId
from ivr.domain.profile import ProfileId
from ivr.storage.database import Transaction
from ivr.storage.text import storable


async def erase_person(
    transaction: Transaction, tenant: TenantId, account: str
) -> ProfileId | None:
    """Delete profile, key and voice, and take the account out of all that names it.

    That is records of calls, kept answers and batches, also where there was no profile. Returns
    the profile's id, for the audit entry that comes last; None where there was none.
    """
    names = (storable(tenant), storable(account))
    row = await transaction.fetch_one("erase-profile", *names)
    await transaction.execute("forget-batch-items", *names)
    # What a batch was enrolling is there now or never will be: its item is gone.
    row = row or await transaction.fetch_one("erase-profile", *names)
    await transaction.execute("forget-account", *names)
    await transaction.execute("erase-desk-calls", *names)
    return None if row is None else ProfileId(row["id"])
