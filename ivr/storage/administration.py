"""What an operator may do to profiles: list, show, reset, and erase a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from engine.types import ModelId, Quality
from ivr.domain.call import AccountId, TenantId
from ivr.domain.consent import Consent, ConsentGiven
from ivr.domain.profile import ProfileId, ProfileState
from ivr.storage.audit import AuditEvent
from ivr.storage.database import Database, Row, Transaction
from ivr.storage.rows import quality_from, storable


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


@dataclass(frozen=True, slots=True)
class ProfileDetails:
    """A profile with what its person agreed to and how good its voiceprints are."""

    summary: ProfileSummary
    consents: tuple[Consent, ...]
    voiceprints: tuple[tuple[ModelId, Quality], ...]


class ProfileAdministration:
    """An operator's view of the profiles. `StoreUnavailableError` from every method.

    `who` and `why` go to the audit trail, which nobody can erase: the operator's login and a
    reason, never the person's name, number or account.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(
        self, tenant: TenantId | None = None, *, limit: int = 1000
    ) -> Sequence[ProfileSummary]:
        """Return at most `limit` profiles of one tenant, or of all, by tenant and account."""
        rows = await self._database.fetch("list-profiles", tenant, limit)
        return tuple(_summary(row) for row in rows)

    async def show(self, tenant: TenantId, account: AccountId) -> ProfileDetails | None:
        """Return one profile's details, or None where there is no such profile."""
        row = await self._database.fetch_one("show-profile", storable(tenant), storable(account))
        if row is None:
            return None
        consents = await self._database.fetch("consents-of-profile", row["id"])
        qualities = await self._database.fetch("qualities-of-profile", row["id"])
        return ProfileDetails(
            _summary(row),
            tuple(_consent(consent) for consent in consents),
            tuple(_quality(quality) for quality in qualities),
        )

    async def reset(self, tenant: TenantId, account: AccountId, *, who: str, why: str) -> bool:
        """Forget voiceprints and consents, so that the person can enroll anew; False if unknown."""

        async def work(transaction: Transaction) -> bool:
            row = await transaction.fetch_one("reset-profile", storable(tenant), storable(account))
            if row is None:
                return False
            await transaction.execute("forget-voice", row["id"])
            await _note(transaction, AuditEvent.PROFILE_RESET, tenant, row["id"], who, why)
            return True

        return await self._database.transact(work)

    async def erase(self, tenant: TenantId, account: AccountId, *, who: str, why: str) -> bool:
        """Erase the person: profile, voiceprints, consents and the account in records of calls.

        The records keep verdict and time, the audit trail that an erasure happened. Returns False
        where there was no profile; the account is taken out of the records of calls all the same.
        """

        async def work(transaction: Transaction) -> bool:
            names = (storable(tenant), storable(account))
            row = await transaction.fetch_one("erase-profile", *names)
            await transaction.execute("forget-account", *names)
            if row is None:
                return False
            await _note(transaction, AuditEvent.PROFILE_ERASED, tenant, row["id"], who, why)
            return True

        return await self._database.transact(work)


async def _note(
    transaction: Transaction,
    what: AuditEvent,
    tenant: TenantId,
    whom: ProfileId,
    who: str,
    why: str,
) -> None:
    await transaction.execute(
        "add-audit-entry", storable(tenant), storable(who), what, whom, None, storable(why)
    )


def _summary(row: Row) -> ProfileSummary:
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
    )


def _consent(row: Row) -> Consent:
    return Consent(row["text_version"], ConsentGiven(row["given"]), row["given_at"])


def _quality(row: Row) -> tuple[ModelId, Quality]:
    quality = quality_from(row)
    assert quality is not None, "a voiceprint's quality is NOT NULL"
    return ModelId(row["model"]), quality
