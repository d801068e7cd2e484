"""Whom is a caller compared with, if anybody? Claim, profile, consent, lockout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.types import Judgement, Reason
from ivr.domain.profile import Profile
from ivr.domain.watchlist import Suspect
from ivr.flows.claiming import ClaimRules, resolve_claim
from ivr.flows.course import Course
from ivr.flows.obstacles import obstacle_to, undecided
from ivr.flows.services import Services
from ivr.flows.telling import tell_course
from ivr.ports import Call


@dataclass(frozen=True, slots=True)
class Compared:
    """Whom a caller is compared with."""

    profile: Profile
    suspects: Sequence[Suspect]


async def admitted(
    call: Call, course: Course, services: Services, claim: ClaimRules
) -> Compared | Judgement:
    """Resolve the claim, leaving it in `course`; a judgement where nothing can be compared."""
    claimed = await resolve_claim(call, services.store, claim)
    if claimed is None:
        return undecided(Reason.NO_CLAIM)
    course.claim, course.profile = claimed
    tell_course(call, course, services)
    if course.profile is None:
        return undecided(Reason.NOT_ENROLLED)
    model = services.voice.model_of(course.profile)
    obstacle = obstacle_to(course.profile, model, services.clock.now())
    if obstacle is not None:
        return undecided(obstacle)
    if await _caller_locked(call, services):
        return undecided(Reason.LOCKED_OUT)
    suspects = await services.store.watchlist(call.facts.request.tenant)
    return Compared(course.profile, suspects)


async def _caller_locked(call: Call, services: Services) -> bool:
    number = call.facts.caller_number
    if not number:
        return False
    until = await services.store.caller_locked_until(call.facts.request.tenant, number)
    return until is not None and services.clock.now() < until
