"""Enrollments by upload: all of a person's recordings at once."""

from __future__ import annotations

import msgspec

from engine.enrollment import Objection
from engine.types import Shortcoming
from ivr.api.errors import ConflictError, NotFoundError
from ivr.api.operations import Operation, Uploads, Visit
from ivr.api.own.profiles import account_of
from ivr.api.own.values import AccountName
from ivr.api.scopes import Scope
from ivr.domain.enrollment import EnrollmentReason, EnrollmentResult, EnrollmentWarning
from ivr.offline import Enrolled, Order, enroll


class RemarkAnswer(msgspec.Struct, frozen=True):
    """What became of one recording, in the order in which they were sent."""

    kept: bool
    why: Objection | None
    shortcoming: Shortcoming | None


class EnrollmentAnswer(msgspec.Struct, frozen=True):
    """How an enrollment ended; unless ENROLLED nothing was kept, and it can be tried again."""

    result: EnrollmentResult
    reason: EnrollmentReason
    recordings: tuple[RemarkAnswer, ...]
    warnings: tuple[EnrollmentWarning, ...]


async def enroll_profile(visit: Visit) -> EnrollmentAnswer:
    """Enroll a profile that was begun, from all its recordings."""
    account = await account_of(visit)
    begun = await visit.office.drafts.find(visit.tenant, account)
    if begun is None:
        if await visit.office.profiles.show(visit.tenant, account) is None:
            raise NotFoundError("there is no such profile; create it first, with the consent")
        raise ConflictError("the profile does not wait for recordings; reset or erase it first")
    draft, terms = begun
    order = Order(
        visit.tenant, account, terms.consent, terms.locale, terms.mode, terms.phrase, draft
    )
    recordings = await visit.recordings()
    enrolled = await enroll(order, recordings, await visit.files())
    if enrolled.enrollment.reason is EnrollmentReason.NO_CONSENT:
        raise ConflictError("the profile was erased, reset or opted out meanwhile; nothing is kept")
    return _answered(enrolled)


def _answered(enrolled: Enrolled) -> EnrollmentAnswer:
    enrollment = enrolled.enrollment
    return EnrollmentAnswer(
        enrollment.result,
        enrollment.reason,
        tuple(RemarkAnswer(each.kept, each.why, each.shortcoming) for each in enrolled.remarks),
        enrollment.warnings,
    )


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="enroll_profile",
        method="POST",
        path="/profiles/{account}/enrollments",
        scope=Scope.PROFILES_WRITE,
        perform=enroll_profile,
        summary="Enroll a profile that was begun, from all its recordings in one form",
        uploads=Uploads.SEVERAL,
        gives=EnrollmentAnswer,
        parts={"account": AccountName},
        refusals=(NotFoundError, ConflictError),
    ),
)
