"""The profile store on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from engine.types import Verdict
from ivr.domain.call import AccountId, TenantId
from ivr.domain.consent import Consent
from ivr.domain.enrollment import Enrollment, EnrollmentId
from ivr.domain.lockout import LockoutRules
from ivr.domain.operating_point import OwnRates
from ivr.domain.profile import Profile
from ivr.domain.verification import Opening, Verification, VerificationId
from ivr.domain.watchlist import Suspect
from ivr.storage.database import Database, Row
from ivr.storage.enrolling import write_enrollment
from ivr.storage.enrollment_rows import enrollment_from
from ivr.storage.errors import StoreRefusedError
from ivr.storage.keys import Keyring, PersonKey, TenantKey
from ivr.storage.operating_points import rates_from
from ivr.storage.rows import (
    closing_columns,
    consent_from,
    lockout_from,
    opening_columns,
    opening_from,
    profile_from,
    voiceprints_from,
)
from ivr.storage.stamps import GROUP_MEMBERS
from ivr.storage.text import storable
from ivr.storage.verdicts import check_stamp, closed_verification, said_by

Opened = TypeVar("Opened")

Build = Callable[[Row, PersonKey | None], Opened]
"""Builds a value of the domain from a row, with the person's key; runs in a thread."""


class PostgresStore:
    """`ivr.ports.ProfileStore` on a database. Every statement is by id, so each may be repeated.

    `SealBrokenError`, a `StoreUnavailableError`, where a stored voice is not as it was written.
    """

    def __init__(
        self, database: Database, keyring: Keyring, lockout: LockoutRules | None = None
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._lockout = lockout or LockoutRules()

    async def find(self, tenant: TenantId, account: AccountId) -> Profile | None:
        """Return the person's profile with its voiceprints, or None; `StoreUnavailableError`."""
        if (storable(tenant), storable(account)) != (tenant, account):
            # No profile can have such a name, and it must not pass for a similar one.
            return None
        row = await self._database.fetch_one("find-profile", tenant, account, tenant=tenant)
        if row is None:
            return None
        return self._profile_from(row, _person_key(row, await self._tenant_key(row)))

    async def group(self, tenant: TenantId, name: str) -> Sequence[Profile]:
        """Return the enrolled profiles of a named group, by account; `StoreUnavailableError`.

        They come without frames, fingerprints and parts. `RowNotOursError` where somebody else put
        one of them there.
        """
        names = (storable(tenant), storable(name))
        rows = await self._database.fetch("profiles-of-group", *names, tenant=tenant)
        return await self._opened(rows, self._member_from)

    async def consent(self, tenant: TenantId, account: AccountId) -> Consent | None:
        """Return the last consent that a person gave and that holds; `StoreUnavailableError`."""
        if (storable(tenant), storable(account)) != (tenant, account):
            return None
        row = await self._database.fetch_one("consent-of-account", tenant, account, tenant=tenant)
        return None if row is None else consent_from(row)

    async def enrolled(self, tenant: TenantId, at_most: int) -> Sequence[Profile]:
        """Return all enrolled profiles of a tenant; none where there are more than `at_most`.

        They come by account, without frames, fingerprints and parts. Raises
        `StoreUnavailableError`.
        """
        rows = await self._database.fetch(
            "profiles-of-tenant", storable(tenant), at_most, tenant=tenant
        )
        return await self._opened(rows, self._profile_from)

    async def watchlist(self, tenant: TenantId) -> Sequence[Suspect]:
        """Return the voices that a tenant watches for; `StoreUnavailableError`."""
        rows = await self._database.fetch("suspects-of-tenant", storable(tenant), tenant=tenant)
        return await self._opened(rows, _suspect)

    async def caller_locked_until(self, tenant: TenantId, number: str) -> datetime | None:
        """Return until when callers of this number are locked out, as `Profile.locked_until`."""
        caller = self._keyring.caller(tenant, number)
        row = await self._database.fetch_one("find-caller", storable(tenant), caller, tenant=tenant)
        return None if row is None else lockout_from(row, self._lockout)

    async def own_rates(self, tenant: TenantId) -> OwnRates:
        """Return the rates that a tenant has set, as they are now; `StoreUnavailableError`.

        `RowNotOursError`, one of these, where somebody else has set one.
        """
        rows = await self._database.fetch("operating-points", storable(tenant), tenant=tenant)
        return rates_from(rows, self._keyring)

    async def open(self, opening: Opening) -> OwnRates:
        """Note that a verification began, and return its tenant's rates; as `own_rates`.

        One statement: what a tenant has set holds for its next call, and costs none a round trip.
        """
        columns = (*opening_columns(opening), opening.mode)
        rows = await self._database.fetch("open-verification", *columns, tenant=opening.tenant)
        return rates_from(rows, self._keyring)

    async def close(self, verification: Verification) -> Verification:
        """Write the verdict with attempts and audit entry, once, and return what is stored.

        Of several who close the same verification the first one wins and all get its verdict.
        A verification that was never opened is written whole. Raises `StoreUnavailableError`, a
        `NotOursError` where the first one is an ACCEPT that no worker wrote.
        """
        opening = verification.opening
        number = opening.caller_number
        caller = self._keyring.caller(opening.tenant, number) if number else None
        stamp = self._keyring.verdict_stamp(opening.tenant, said_by(verification))
        columns = closing_columns(verification, caller, stamp)
        closed = await self._database.fetch_one(
            "close-verification", *columns, tenant=opening.tenant
        )
        if closed is not None:
            return verification
        stored = await self._verdict(opening.id, opening.tenant)
        if stored is None:
            raise StoreRefusedError("a verification could neither be closed nor found closed")
        return stored

    async def verdict(self, verification: VerificationId) -> Verification | None:
        """Return the verification with its attempts if it is closed; errors as those of `close`."""
        row = await self._database.fetch_one("tenant-of-verification", verification, tenant=None)
        if row is None or row["tenant"] is None:
            return None
        return await self._verdict(verification, TenantId(row["tenant"]))

    async def _verdict(self, verification: VerificationId, tenant: TenantId) -> Verification | None:
        found = await closed_verification(self._database, tenant, verification)
        if found is None:
            return None
        stored, stamp = found
        if stored.verdict is Verdict.ACCEPT:
            check_stamp(stored, stamp, self._keyring)
        return stored

    async def unfinished(self, worker: str) -> Sequence[Opening]:
        """Return what this worker began and never closed, oldest first; `StoreUnavailableError`."""
        rows = await self._database.fetch("unfinished-verifications", storable(worker), tenant=None)
        return tuple(opening_from(row) for row in rows)

    async def enroll(self, enrollment: Enrollment) -> Enrollment:
        """Write an enrollment's end, once, and return what is stored.

        A success makes the profile, unless the person is enrolled already or has opted out: what
        comes back then is FAILED with ALREADY_ENROLLED or OPTED_OUT, and the profile is as it was.
        NO_CONSENT, and no account, where its draft was erased or the consent withdrawn meanwhile,
        or the item of a batch that ordered it went with its person.
        Raises `StoreUnavailableError`; `ValueError` for a success without account, consent or
        voiceprints, of which nothing is written.
        """
        return await write_enrollment(self._database, self._keyring, enrollment)

    async def enrollment(self, tenant: TenantId, enrollment: EnrollmentId) -> Enrollment | None:
        """Return how a tenant's enrollment ended if that is written; `StoreUnavailableError`.

        It comes without consent and recordings, which are the profile's.
        """
        row = await self._database.fetch_one("find-enrollment", enrollment, tenant=tenant)
        return None if row is None else enrollment_from(row)

    async def _opened(self, rows: Sequence[Row], build: Build[Opened]) -> tuple[Opened, ...]:
        """Build from many rows, in a thread: half a millisecond each would hold up every call."""
        keys = [await self._tenant_key(row) for row in rows]

        def built() -> tuple[Opened, ...]:
            each = zip(rows, keys, strict=True)
            return tuple(build(row, _person_key(row, key)) for row, key in each)

        return await asyncio.to_thread(built)

    def _profile_from(self, row: Row, key: PersonKey | None) -> Profile:
        return profile_from(row, key, self._lockout)

    def _member_from(self, row: Row, key: PersonKey | None) -> Profile:
        GROUP_MEMBERS.check(row, row["stamp"], self._keyring)
        return self._profile_from(row, key)

    async def _tenant_key(self, row: Row) -> TenantKey | None:
        if row["data_key"] is None:
            return None
        return await self._keyring.key(row["tenant"], row["tenant_key"])


def _person_key(row: Row, tenant_key: TenantKey | None) -> PersonKey | None:
    return (
        None
        if tenant_key is None
        else tenant_key.person(row["id"], row.get("account"), row["data_key"])
    )


def _suspect(row: Row, key: PersonKey | None) -> Suspect:
    assert key is not None, "a suspect's data key is NOT NULL"
    return Suspect(row["id"], voiceprints_from(row, key))
