"""What is kept: profiles, records and verdicts, and the keys that they are kept with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from ivr.domain.call import AccountId, TenantId
from ivr.domain.consent import Consent
from ivr.domain.enrollment import Enrollment, EnrollmentId
from ivr.domain.operating_point import OwnRates
from ivr.domain.profile import Profile
from ivr.domain.verification import Opening, Verification, VerificationId
from ivr.domain.watchlist import Suspect


class ProfileStore(Protocol):
    """What is kept. Every method may raise `StoreUnavailableError`."""

    async def find(self, tenant: TenantId, account: AccountId) -> Profile | None:
        """Return the person's profile with its voiceprints, or None."""
        ...

    async def caller_locked_until(self, tenant: TenantId, number: str) -> datetime | None:
        """Return until when callers of a number are locked out, as `Profile.locked_until`."""
        ...

    async def group(self, tenant: TenantId, name: str) -> Sequence[Profile]:
        """Return the enrolled profiles of a tenant's named group; empty where it has none."""
        ...

    async def consent(self, tenant: TenantId, account: AccountId) -> Consent | None:
        """Return the last consent that a person gave and that holds, or None."""
        ...

    async def enrolled(self, tenant: TenantId, at_most: int) -> Sequence[Profile]:
        """Return all enrolled profiles of a tenant; none where there are more than `at_most`."""
        ...

    async def watchlist(self, tenant: TenantId) -> Sequence[Suspect]:
        """Return the voices that a tenant watches for."""
        ...

    async def own_rates(self, tenant: TenantId) -> OwnRates:
        """Return the rates that a tenant has set, as they are now."""
        ...

    async def open(self, opening: Opening) -> OwnRates:
        """Note that a verification began, and return `own_rates` for it."""
        ...

    async def close(self, verification: Verification) -> Verification:
        """Write the verdict, once: return what is stored, which is an earlier one if there was.

        Keeps the fingerprints with the profile and counts its REJECTs in a row: what `find` then
        returns tells until when it is locked.
        """
        ...

    async def verdict(self, verification: VerificationId) -> Verification | None:
        """Return the verification if its verdict is written (its attempts may be left out)."""
        ...

    async def unfinished(self, worker: str) -> Sequence[Opening]:
        """Return the verifications that this worker began and never closed."""
        ...

    async def enroll(self, enrollment: Enrollment) -> Enrollment:
        """Write an enrollment's end, once; on success with profile, consent and recordings.

        Return what is stored, which is an earlier end if there was one under its id.
        """
        ...

    async def enrollment(self, tenant: TenantId, enrollment: EnrollmentId) -> Enrollment | None:
        """Return how a tenant's enrollment ended if that is written: without the voice."""
        ...


class Keys(Protocol):
    """The secrets that are derived from the master key."""

    def replay_key(self, tenant: TenantId) -> bytes:
        """Return the key of a tenant's fingerprints: always the same one. Never fails."""
        ...


class Ledger(Protocol):
    """Where verdicts are written so that none is lost, whatever fails."""

    async def close(self, verification: Verification) -> Verification:
        """Write the verdict and return the one that counts. Never raises.

        It is another than the one given where one was already written, or where PostgreSQL is away:
        then INCONCLUSIVE / UNAVAILABLE, kept aside until it can be written.
        """
        ...
