"""The profile store on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence

from ivr.domain.call import AccountId, TenantId
from ivr.domain.enrollment import Enrollment
from ivr.domain.profile import Profile
from ivr.domain.verification import Opening, Verification, VerificationId
from ivr.domain.watchlist import Suspect
from ivr.storage.database import Database
from ivr.storage.enrolling import write_enrollment
from ivr.storage.errors import StoreRefusedError
from ivr.storage.rows import (
    closing_columns,
    opening_columns,
    opening_from,
    profile_from,
    storable,
    verification_from,
)


class PostgresStore:
    """`ivr.ports.ProfileStore` on a database. Every statement is by id, so each may be repeated."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, tenant: TenantId, account: AccountId) -> Profile | None:
        """Return the person's profile with its voiceprints, or None; `StoreUnavailableError`."""
        if (storable(tenant), storable(account)) != (tenant, account):
            # No profile can have such a name, and it must not pass for a similar one.
            return None
        rows = await self._database.fetch("find-profile", tenant, account)
        return profile_from(rows) if rows else None

    async def group(self, tenant: TenantId, name: str) -> Sequence[Profile]:
        """Return the enrolled profiles of a named group; no groups are kept yet."""
        return ()

    async def watchlist(self, tenant: TenantId) -> Sequence[Suspect]:
        """Return the voices that a tenant watches for; no watchlist is kept yet."""
        return ()

    async def open(self, opening: Opening) -> None:
        """Note that a verification began; `StoreUnavailableError`."""
        await self._database.fetch("open-verification", *opening_columns(opening))

    async def close(self, verification: Verification) -> Verification:
        """Write the verdict with attempts and audit entry, once, and return what is stored.

        Of several who close the same verification the first one wins and all get its verdict.
        A verification that was never opened is written whole. Raises `StoreUnavailableError`.
        """
        columns = closing_columns(verification)
        if await self._database.fetch_one("close-verification", *columns):
            return verification
        stored = await self.verdict(verification.opening.id)
        if stored is None:
            raise StoreRefusedError("a verification could neither be closed nor found closed")
        return stored

    async def verdict(self, verification: VerificationId) -> Verification | None:
        """Return the verification with its attempts if it is closed; `StoreUnavailableError`."""
        row = await self._database.fetch_one("find-verdict", verification)
        if row is None:
            return None
        attempts = await self._database.fetch("attempts-of-verification", verification)
        return verification_from(row, attempts)

    async def unfinished(self, worker: str) -> Sequence[Opening]:
        """Return what this worker began and never closed, oldest first; `StoreUnavailableError`."""
        rows = await self._database.fetch("unfinished-verifications", storable(worker))
        return tuple(opening_from(row) for row in rows)

    async def enroll(self, enrollment: Enrollment) -> Enrollment:
        """Write an enrollment's end, once, and return what is stored.

        A success makes the profile, unless the person is enrolled already or has opted out: what
        comes back then is FAILED with ALREADY_ENROLLED or OPTED_OUT, and the profile is as it was.
        Raises `StoreUnavailableError`; `ValueError` for a success without account, consent or
        voiceprints, of which nothing is written.
        """
        return await write_enrollment(self._database, enrollment)
