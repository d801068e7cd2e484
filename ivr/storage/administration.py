"""What an operator may do to profiles: list, show, reset, opt out, unlock and erase a person."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from engine.types import ModelId, Quality
from ivr.domain.call import AccountId, TenantId
from ivr.domain.consent import Consent
from ivr.domain.enrollment import EnrollmentWarning
from ivr.domain.lockout import LockoutRules, locked_until
from ivr.domain.profile import Mode, ProfileId, ProfileState
from ivr.storage.audit import AuditEvent, note
from ivr.storage.database import Database, Row, Transaction
from ivr.storage.erasure import erase_person
from ivr.storage.rows import consent_from, quality_from
from ivr.storage.text import storable

PAGE = 1000
"""Profiles read at a time."""


@dataclass(frozen=True, slots=True)
class ProfileSummary:
    """What may be shown of a profile: no voice."""

    id: ProfileId
    tenant: TenantId
    account: AccountId
    state: ProfileState
    locale: str
    passphrase: str
    consented: bool
    voiceprints: int
    """How many there are."""
    created_at: datetime
    changed_at: datetime
    used_at: datetime
    """When the person was enrolled or last accepted, to the hour."""
    mode: Mode
    rejects: int = 0
    """In a row, since the last ACCEPT."""
    last_reject_at: datetime | None = None

    def locked_until(self, rules: LockoutRules, now: datetime) -> datetime | None:
        """Return until when nobody can be verified against it; None where somebody can."""
        if self.last_reject_at is None:
            return None
        until = locked_until(self.rejects, self.last_reject_at, rules)
        return until if until is not None and until > now else None


@dataclass(frozen=True, slots=True)
class ProfileDetails:
    """A profile with what its person agreed to and how good its voiceprints are."""

    summary: ProfileSummary
    consents: tuple[Consent, ...]
    voiceprints: tuple[tuple[ModelId, Quality], ...]
    warnings: tuple[EnrollmentWarning, ...]
    """What nobody has settled yet."""


class ProfileAdministration:
    """An operator's view of the profiles. `StoreUnavailableError` from every method.

    `who` and `why` go to the audit trail, which nobody can erase: the operator's login and a
    reason, never the person's name, number or account.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, tenant: TenantId | None = None) -> AsyncIterator[ProfileSummary]:
        """Yield the profiles of one tenant, or of all, by tenant and account, however many."""
        for each in [tenant] if tenant else await tenants(self._database):
            after = ""
            while rows := await self._database.fetch(
                "page-profiles", storable(each), after, PAGE, tenant=each
            ):
                for row in rows:
                    yield summary_from(row)
                after = rows[-1]["account"]

    async def show(self, tenant: TenantId, account: AccountId) -> ProfileDetails | None:
        """Return one profile's details, or None where there is no such profile."""

        async def work(transaction: Transaction) -> ProfileDetails | None:
            names = (storable(tenant), storable(account))
            row = await transaction.fetch_one("show-profile", *names)
            if row is None:
                return None
            consents = await transaction.fetch("consents-of-profile", row["id"])
            qualities = await transaction.fetch("qualities-of-profile", row["id"])
            warnings = await transaction.fetch("warnings-of-profile", row["id"])
            return ProfileDetails(
                summary_from(row),
                tuple(consent_from(consent) for consent in consents),
                tuple(_quality(quality) for quality in qualities),
                tuple(EnrollmentWarning(warning["warning"]) for warning in warnings),
            )

        return await self._database.transact(work, tenant=tenant)

    async def reset(self, tenant: TenantId, account: AccountId, *, who: str, why: str) -> bool:
        """Forget voiceprints and consents, so that the person can enroll anew; False if unknown."""

        async def work(transaction: Transaction) -> bool:
            row = await transaction.fetch_one("reset-profile", storable(tenant), storable(account))
            if row is None:
                return False
            await transaction.execute("forget-voice", row["id"])
            await note(transaction, AuditEvent.PROFILE_RESET, tenant, row["id"], who, why)
            return True

        return await self._database.transact(work, tenant=tenant)

    async def opt_out(self, tenant: TenantId, account: AccountId, *, who: str, why: str) -> None:
        """Erase the person's voice and block the account: nobody can enroll it until a `reset`.

        Also where nobody was enrolled. Of the person the account stays, to know it by.
        """

        async def work(transaction: Transaction) -> None:
            names = (storable(tenant), storable(account))
            await transaction.execute("note-tenant", names[0])
            row = await transaction.fetch_one("opt-out-profile", uuid4(), *names)
            assert row is not None, "it is made or changed"
            await transaction.execute("forget-voice", row["id"])
            await transaction.execute("forget-batch-items", *names)
            what = AuditEvent.PROFILE_OPTED_OUT
            await note(transaction, what, tenant, row["id"], who, why)

        await self._database.transact(work, tenant=tenant)

    async def unlock(self, tenant: TenantId, account: AccountId, *, who: str, why: str) -> bool:
        """Count the profile's REJECTs anew, whatever they locked; False if unknown."""

        async def work(transaction: Transaction) -> bool:
            row = await transaction.fetch_one("hold-profile", storable(tenant), storable(account))
            if row is None:
                return False
            await transaction.execute("release-lockout", row["id"])
            what = AuditEvent.PROFILE_UNLOCKED
            await note(transaction, what, tenant, row["id"], who, why)
            return True

        return await self._database.transact(work, tenant=tenant)

    async def settle(self, tenant: TenantId, account: AccountId) -> bool:
        """Note that the profile's warnings were looked at; False if unknown."""

        async def work(transaction: Transaction) -> bool:
            row = await transaction.fetch_one("hold-profile", storable(tenant), storable(account))
            if row is not None:
                await transaction.execute("settle-warnings", row["id"])
            return row is not None

        return await self._database.transact(work, tenant=tenant)

    async def erase(self, tenant: TenantId, account: AccountId, *, who: str, why: str) -> bool:
        """Erase the person: profile, recordings, consents and the account in records of calls.

        The data key goes with the profile: what it sealed is noise, in backups too. The records
        keep verdict and time, the audit trail that an erasure happened. Returns False where there
        was no profile; the account is taken out of the records of calls all the same.
        """

        async def work(transaction: Transaction) -> bool:
            profile = await erase_person(transaction, tenant, account)
            if profile is None:
                return False
            await note(transaction, AuditEvent.PROFILE_ERASED, tenant, profile, who, why)
            return True

        return await self._database.transact(work, tenant=tenant)


async def tenants(database: Database) -> Sequence[TenantId]:
    """Return every tenant there is, by name; `StoreUnavailableError`."""
    rows = await database.fetch("list-tenants", tenant=None)
    return tuple(TenantId(row["tenant"]) for row in rows)


def summary_from(row: Row) -> ProfileSummary:
    """Build what may be shown of a profile from a row of `page-profiles` or its like."""
    return ProfileSummary(
        id=ProfileId(row["id"]),
        tenant=TenantId(row["tenant"]),
        account=AccountId(row["account"]),
        state=ProfileState(row["state"]),
        locale=row["locale"],
        passphrase=row["passphrase"],
        consented=row["consented"],
        voiceprints=row["voiceprints"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
        used_at=row["used_at"],
        mode=Mode(row["mode"]),
        rejects=row["rejects"] or 0,
        last_reject_at=row["last_reject_at"],
    )


def _quality(row: Row) -> tuple[ModelId, Quality]:
    quality = quality_from(row)
    assert quality is not None, "a voiceprint's quality is NOT NULL"
    return ModelId(row["model"]), quality
