"""Pages of what a tenant has: each from after a place, so that none is missed or shown twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from engine.types import ModelId, Reason, Verdict
from ivr.domain.call import AccountId, TenantId
from ivr.domain.profile import ProfileId
from ivr.domain.verification import Verification, VerificationId
from ivr.storage.administration import ProfileSummary, summary_from
from ivr.storage.audit_chain import AuditEntry
from ivr.storage.database import Database
from ivr.storage.text import storable
from ivr.storage.verdicts import closed_verification

FIRST: Final = UUID(int=0)
LAST: Final = UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class Member:
    """Who is in a group."""

    profile: ProfileId
    account: AccountId


@dataclass(frozen=True, slots=True)
class Listed:
    """A suspect of a watchlist, without the voice."""

    id: UUID
    watchlist: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Past:
    """A verification that has ended, without its attempts."""

    id: UUID
    started_at: datetime
    ended_at: datetime
    account: AccountId | None
    profile: ProfileId | None
    verdict: Verdict
    reason: Reason
    llr: float | None
    confidence: int
    model: ModelId | None
    explanation: str
    threshold: float | None


class Browsing:
    """What a tenant may look through. `StoreUnavailableError` from every method."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def profiles(
        self, tenant: TenantId, after: str, at_most: int
    ) -> Sequence[ProfileSummary]:
        """Return the profiles after an account, by account."""
        place = (storable(tenant), storable(after), at_most)
        rows = await self._database.fetch("page-profiles", *place, tenant=tenant)
        return tuple(summary_from(row) for row in rows)

    async def groups(self, tenant: TenantId, after: str, at_most: int) -> Sequence[str]:
        """Return the names of groups after a name, by name."""
        place = (storable(tenant), storable(after), at_most)
        rows = await self._database.fetch("page-groups", *place, tenant=tenant)
        return tuple(row["name"] for row in rows)

    async def members(
        self, tenant: TenantId, group: str, after: UUID, at_most: int
    ) -> Sequence[Member]:
        """Return the members of a group after a profile, by profile; none of one that is not."""
        place = (storable(tenant), storable(group), after, at_most)
        rows = await self._database.fetch("page-members", *place, tenant=tenant)
        return tuple(Member(ProfileId(row["id"]), AccountId(row["account"])) for row in rows)

    async def suspects(self, tenant: TenantId, after: UUID, at_most: int) -> Sequence[Listed]:
        """Return the suspects after an id, by id."""
        place = (storable(tenant), after, at_most)
        rows = await self._database.fetch("page-suspects", *place, tenant=tenant)
        return tuple(Listed(row["id"], row["watchlist"], row["created_at"]) for row in rows)

    async def verifications(
        self, tenant: TenantId, before: datetime, id_before: UUID, at_most: int
    ) -> Sequence[Past]:
        """Return the verifications that ended before, the newest first."""
        place = (storable(tenant), before, id_before, at_most)
        rows = await self._database.fetch("page-verifications", *place, tenant=tenant)
        return tuple(
            Past(
                id=row["id"],
                started_at=row["started_at"],
                ended_at=row["ended_at"],
                account=None if row["claim_account"] is None else AccountId(row["claim_account"]),
                profile=None if row["profile"] is None else ProfileId(row["profile"]),
                verdict=Verdict(row["verdict"]),
                reason=Reason(row["reason"]),
                llr=row["llr"],
                confidence=row["confidence"],
                model=None if row["model"] is None else ModelId(row["model"]),
                explanation=row["explanation"],
                threshold=row["threshold"],
            )
            for row in rows
        )

    async def verification(self, tenant: TenantId, wanted: VerificationId) -> Verification | None:
        """Return a verification that has ended, with its attempts, whoever wrote it."""
        found = await closed_verification(self._database, tenant, wanted)
        return None if found is None else found[0]

    async def audit(self, tenant: TenantId, after: int, at_most: int) -> Sequence[AuditEntry]:
        """Return the entries of the audit trail after a number, in their order."""
        place = (storable(tenant), after, at_most)
        rows = await self._database.fetch("audit-entries", *place, tenant=tenant)
        return tuple(
            AuditEntry(
                row["number"],
                row["at"].astimezone(UTC),
                tenant,
                row["who"],
                row["what"],
                row["whom"],
                row["about"],
                row["why"],
            )
            for row in rows
        )
