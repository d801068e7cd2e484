"""Records: what verdicts there were, and the audit trail."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from engine.types import Reason, Verdict
from ivr.api.errors import NotFoundError
from ivr.api.operations import Operation, Visit
from ivr.api.own import places
from ivr.api.own.comparing import VerificationAnswer, verdict_of
from ivr.api.own.values import PAGE_DEFAULT, PageQuery
from ivr.api.scopes import Scope
from ivr.domain.verification import VerificationId
from ivr.storage import LAST, Past

PLACE = "page token of verifications"
_END = datetime.max.replace(tzinfo=UTC)


class PastAnswer(msgspec.Struct, frozen=True):
    """A verification that has ended."""

    id: UUID
    started_at: datetime
    ended_at: datetime
    account: str | None
    """None without a claim, and once the person is erased."""
    profile: UUID | None
    verdict: Verdict
    reason: Reason
    llr: float | None
    threshold: float | None
    confidence: int
    model: str | None
    explanation: str


class VerificationsAnswer(msgspec.Struct, frozen=True):
    """A page of verifications, the newest first."""

    verifications: tuple[PastAnswer, ...]
    next_page: str | None


class AuditEntryAnswer(msgspec.Struct, frozen=True):
    """One thing that was done."""

    number: int
    at: datetime
    who: str
    what: str
    whom: UUID | None
    about: UUID | None
    why: str


class AuditAnswer(msgspec.Struct, frozen=True):
    """Entries of the tenant's trail, in their order."""

    entries: tuple[AuditEntryAnswer, ...]


class AuditQuery(msgspec.Struct, frozen=True):
    """From where in the trail."""

    after: Annotated[int, Meta(ge=0, le=2**53)] = 0
    """The number of the last entry seen."""
    limit: Annotated[int, Meta(ge=1, le=1000)] = PAGE_DEFAULT


class _Place(msgspec.Struct, frozen=True):
    before: datetime
    id: UUID


async def page(visit: Visit) -> VerificationsAnswer:
    """Return a page of verifications."""
    asked = visit.query(PageQuery)
    place = places.read(visit, PLACE, asked.page, _Place) if asked.page else _Place(_END, LAST)
    found = await visit.office.browsing.verifications(
        visit.tenant, place.before, place.id, asked.limit
    )
    following = None
    if len(found) == asked.limit:
        following = places.write(visit, PLACE, _Place(found[-1].ended_at, found[-1].id))
    return VerificationsAnswer(tuple(map(_past, found)), following)


async def show(visit: Visit) -> VerificationAnswer:
    """Return one verification with its attempts."""
    wanted = VerificationId(visit.part("verification", UUID))
    found = await visit.office.browsing.verification(visit.tenant, wanted)
    # Another tenant's is not told apart from none.
    if found is None:
        raise NotFoundError("there is no such verification, or it has not ended")
    return verdict_of(found)


async def trail(visit: Visit) -> AuditAnswer:
    """Return entries of the audit trail."""
    asked = visit.query(AuditQuery)
    found = await visit.office.browsing.audit(visit.tenant, asked.after, asked.limit)
    return AuditAnswer(
        tuple(
            AuditEntryAnswer(
                each.number, each.at, each.who, each.what, each.whom, each.about, each.why
            )
            for each in found
        )
    )


def _past(past: Past) -> PastAnswer:
    return PastAnswer(
        past.id,
        past.started_at,
        past.ended_at,
        past.account,
        past.profile,
        past.verdict,
        past.reason,
        past.llr,
        past.threshold,
        past.confidence,
        past.model,
        past.explanation,
    )


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="list_verifications",
        method="GET",
        path="/verifications",
        scope=Scope.RECORDS_READ,
        perform=page,
        summary="List verifications that have ended, the newest first",
        query=PageQuery,
        gives=VerificationsAnswer,
    ),
    Operation(
        name="show_verification",
        method="GET",
        path="/verifications/{verification}",
        scope=Scope.RECORDS_READ,
        perform=show,
        summary="Return a verification with its attempts",
        gives=VerificationAnswer,
        parts={"verification": UUID},
        refusals=(NotFoundError,),
    ),
    Operation(
        name="read_audit",
        method="GET",
        path="/audit",
        scope=Scope.AUDIT_READ,
        perform=trail,
        summary="Read the audit trail: who did what to whom and why",
        query=AuditQuery,
        gives=AuditAnswer,
    ),
)
