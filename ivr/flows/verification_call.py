"""A verification call from its arrival to its release, with its record."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import structlog

from engine.types import Judgement, Llr, Reason, Verdict
from ivr.domain.call import AccountId, CallState, Purpose
from ivr.domain.metering import Stage
from ivr.domain.verification import (
    Opening,
    Verification,
    VerificationId,
    VerificationMode,
)
from ivr.flows.course import Course
from ivr.flows.ending import Endings, finished, held, release, tag_left
from ivr.flows.identify import identify
from ivr.flows.metering import measured
from ivr.flows.obstacles import undecided
from ivr.flows.passive import passive
from ivr.flows.services import Services
from ivr.flows.telling import tell_beginning
from ivr.flows.variables import verification_variables
from ivr.flows.verify import verify
from ivr.ports import Call, StoreUnavailableError

log = structlog.get_logger()

ENDINGS = Endings(undecided(Reason.CALLER_HUNG_UP), undecided(Reason.UNAVAILABLE))


async def conduct_verification(call: Call, services: Services) -> Verification:
    """Conduct a call to its verdict: written first, then told to the dialplan."""
    opening = opening_of(call, services)
    course = Course(verification=opening.id)
    limit_s = services.limit_s(call.facts.request)
    judgement = await held(_converse(call, opening, course, services), ENDINGS, limit_s)
    verification = course.ended(opening, judgement, services.voice, services.clock)
    return await finished(_close(call, verification, services, course))


async def adopt_verification(call: Call, services: Services) -> Verification:
    """End a call that another process began and left: with its verdict if that was written."""
    fresh = opening_of(call, services)
    tag = await tag_left(call)
    opening = fresh if tag is None else replace(fresh, id=VerificationId(tag))
    earlier = await _written(opening, services)
    if earlier is not None and _same_call(earlier.opening, fresh):
        await call.note(CallState.DECIDED)
        await release(call, variables_of(call, earlier, None))
        return earlier
    # A tag that names another call's record is not ours to end, let alone to repeat.
    ours = opening if earlier is None else fresh
    verification = _lost(ours, services)
    return await _close(call, verification, services, Course())


async def close_abandoned(opening: Opening, services: Services) -> Verification:
    """Write the verdict of a call that is gone and whose process died before it ended."""
    written = await services.ledger.close(_lost(opening, services))
    services.meter.verified(None, written)
    return written


def opening_of(call: Call, services: Services) -> Opening:
    """Return a new record's opening."""
    return Opening(
        id=VerificationId(uuid4()),
        call=call.facts.id,
        tenant=call.facts.request.tenant,
        worker=services.worker,
        started_at=services.clock.now(),
        caller_number=call.facts.caller_number,
        mode=mode_of(call),
    )


def mode_of(call: Call) -> VerificationMode:
    """Return how a call comes by its speech."""
    passive = call.facts.request.purpose.passive
    return VerificationMode.PASSIVE if passive else VerificationMode.ASKED


def _lost(opening: Opening, services: Services) -> Verification:
    """Return how a verification ends whose conversation was lost with its process."""
    return Course().ended(opening, undecided(Reason.UNAVAILABLE), services.voice, services.clock)


async def _converse(call: Call, opening: Opening, course: Course, services: Services) -> Judgement:
    await call.tag(opening.id)
    own = await services.store.open(opening)
    tell_beginning(call, opening, services)
    tuned = services.at(own)
    with measured(services.meter, Stage.ATTACH):
        await call.answer()
    await call.note(CallState.ANSWERED)
    match call.facts.request.purpose:
        case Purpose.IDENTIFY:
            return await identify(call, course, tuned)
        case Purpose.PASSIVE:
            return await passive(call, course, tuned)
        case _:
            return await verify(call, course, tuned)


async def _written(opening: Opening, services: Services) -> Verification | None:
    try:
        return await services.store.verdict(opening.id)
    except StoreUnavailableError as error:
        log.warning("verdict_not_read", why=str(error))
        return None


def _same_call(one: Opening, other: Opening) -> bool:
    return (one.call, one.tenant) == (other.call, other.tenant)


async def _close(
    call: Call, verification: Verification, services: Services, course: Course
) -> Verification:
    with measured(services.meter, Stage.WRITE):
        written = await services.ledger.close(verification)
    services.meter.verified(call.facts.request.purpose, written)
    await call.note(CallState.DECIDED)
    with measured(services.meter, Stage.RELEASE):
        continued_at_s = await release(call, variables_of(call, written, course.identity))
    if course.ended_at_s is not None and continued_at_s is not None:
        services.meter.took(Stage.DECIDE, continued_at_s - course.ended_at_s)
    times = times_of(course.ended_at_s, continued_at_s)
    log.info("verification_ended", **fields_of(call, written), **times)
    return written


def variables_of(
    call: Call, verification: Verification, identity: AccountId | None
) -> dict[str, str]:
    """Return what the dialplan is told; only a found identity that was accepted has a name."""
    variables = verification_variables(verification)
    if call.facts.request.purpose is Purpose.IDENTIFY:
        accepted = verification.verdict is Verdict.ACCEPT
        variables["COUNTERSIGN_IDENTITY"] = (identity or "") if accepted else ""
    return variables


def times_of(ended_at_s: float | None, continued_at_s: float | None) -> dict[str, float | None]:
    """Return when the caller went on, and how long after the end of speech was certain."""
    if ended_at_s is None or continued_at_s is None:
        return {"continued_at_s": continued_at_s, "decided_in_ms": None}
    decided_in_ms = round((continued_at_s - ended_at_s) * 1000, 1)
    return {"continued_at_s": continued_at_s, "decided_in_ms": decided_in_ms}


def fields_of(call: Call, verification: Verification) -> dict[str, object]:
    """Return what the call's log line says: no number, no account, no voice."""
    heard = [attempt.quality for attempt in verification.attempts if attempt.quality is not None]
    claim = verification.claim
    return {
        "purpose": call.facts.request.purpose.value,
        "verification": str(verification.opening.id),
        "verdict": verification.verdict.value,
        "reason": verification.reason.value,
        "llr": _rounded(verification.llr),
        "threshold": _rounded(verification.threshold),
        "confidence": verification.confidence,
        "attempts": len(verification.attempts),
        "phrase": [attempt.phrase.value for attempt in verification.attempts],
        "replay": [attempt.replay for attempt in verification.attempts],
        "replay_shift_s": [attempt.replay_shift_s for attempt in verification.attempts],
        "explanation": verification.explanation,
        "claim": None if claim is None else claim.source.value,
        "net_speech_s": [round(quality.net_speech_s, 2) for quality in heard],
        "snr_db": [round(quality.snr_db, 1) for quality in heard],
        "model": verification.model,
        "duration_s": round(
            (verification.ended_at - verification.opening.started_at).total_seconds(), 2
        ),
    }


def _rounded(llr: Llr | None) -> float | None:
    return None if llr is None else round(llr, 2)
