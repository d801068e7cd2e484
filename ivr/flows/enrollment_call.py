"""An enrollment call from its arrival to its release, with its record."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import structlog

from ivr.domain.call import CallState, Purpose
from ivr.domain.enrollment import (
    Enrollment,
    EnrollmentId,
    EnrollmentReason,
    EnrollmentResult,
)
from ivr.domain.metering import Stage
from ivr.domain.mode import Mode
from ivr.flows.ending import Endings, finished, held, release, tag_left, told_to_stop
from ivr.flows.enroll import Ending, EnrollCourse, enroll, failed, tell_ending
from ivr.flows.metering import measured
from ivr.flows.passive_enroll import passive_enroll
from ivr.flows.services import Services
from ivr.flows.variables import enrollment_variables
from ivr.ports import Call, PortError, StoreUnavailableError

log = structlog.get_logger()

ENDINGS = Endings(failed(EnrollmentReason.CALLER_HUNG_UP), failed(EnrollmentReason.UNAVAILABLE))


async def conduct_enrollment(call: Call, services: Services) -> Enrollment:
    """Conduct a call to its enrollment: stored first, then told to caller and dialplan."""
    course, began = EnrollCourse(), services.clock.now()
    limit_s = services.limit_s(call.facts.request)
    ending = await held(_converse(call, course, services), ENDINGS, limit_s)
    ended = enrollment_of(call, course, ending, began, services)
    enrollment = await finished(_store(ended, services))
    if course.answered and not told_to_stop():
        await held(_farewell(call, enrollment), Endings(None, None), services.longest_call_s)
    return await finished(_release(call, enrollment, services))


async def adopt_enrollment(call: Call, services: Services) -> Enrollment:
    """End a call that another process began and left: as it ended if that was written."""
    now, tag = services.clock.now(), await tag_left(call)
    course = EnrollCourse() if tag is None else EnrollCourse(EnrollmentId(tag))
    earlier = await _written(call, course, services)
    if earlier is not None and earlier.call == call.facts.id:
        await call.note(CallState.DECIDED)
        await release(call, enrollment_variables(earlier))
        return earlier
    # A tag that names another call's record is not ours to end, let alone to repeat.
    ours = course if earlier is None else EnrollCourse()
    ending = failed(EnrollmentReason.UNAVAILABLE)
    enrollment = enrollment_of(call, ours, ending, now, services)
    return await _release(call, await _store(enrollment, services), services)


def enrollment_of(
    call: Call, course: EnrollCourse, ending: Ending, began: datetime, services: Services
) -> Enrollment:
    """Join how it ended with what is to be stored; only success stores a voice."""
    result, reason = ending
    success = result is EnrollmentResult.ENROLLED
    return Enrollment(
        id=course.id,
        call=call.facts.id,
        tenant=call.facts.request.tenant,
        worker=services.worker,
        account=course.account,
        locale=call.facts.request.locale,
        passphrase=course.phrase if course.mode is Mode.TEXT_DEPENDENT else "",
        result=result,
        reason=reason,
        consent=course.consent if success else None,
        recordings=course.kept if success else (),
        started_at=began,
        ended_at=services.clock.now(),
        mode=course.mode,
        warnings=course.warnings if success else (),
    )


async def _converse(call: Call, course: EnrollCourse, services: Services) -> Ending:
    await call.tag(course.id)
    with measured(services.meter, Stage.ATTACH):
        await call.answer()
    await call.note(CallState.ANSWERED)
    request = call.facts.request
    course.answered = not request.purpose.passive
    tuned = services.at(await services.store.own_rates(request.tenant))
    if request.purpose is Purpose.PASSIVE_ENROLL:
        return await passive_enroll(call, course, tuned)
    return await enroll(call, course, tuned)


async def _written(call: Call, course: EnrollCourse, services: Services) -> Enrollment | None:
    try:
        return await services.store.enrollment(call.facts.request.tenant, course.id)
    except StoreUnavailableError as error:
        log.warning("enrollment_not_read", why=str(error))
        return None


async def _store(enrollment: Enrollment, services: Services) -> Enrollment:
    """Write the enrollment; what cannot be written has not happened, and the caller is told so."""
    try:
        return await services.store.enroll(enrollment)
    except PortError as error:
        log.warning("enrollment_not_stored", why=str(error))
        return replace(
            enrollment,
            result=EnrollmentResult.FAILED,
            reason=EnrollmentReason.UNAVAILABLE,
            consent=None,
            recordings=(),
            warnings=(),
        )


async def _farewell(call: Call, enrollment: Enrollment) -> None:
    if enrollment.reason is not EnrollmentReason.CALLER_HUNG_UP:
        await tell_ending(call, (enrollment.result, enrollment.reason))


async def _release(call: Call, enrollment: Enrollment, services: Services) -> Enrollment:
    services.meter.enrolled(enrollment)
    await call.note(CallState.DECIDED)
    with measured(services.meter, Stage.RELEASE):
        await release(call, enrollment_variables(enrollment))
    log.info(
        "enrollment_ended",
        enrollment=str(enrollment.id),
        result=enrollment.result.value,
        reason=enrollment.reason.value,
        mode=enrollment.mode.value,
        warnings=[warning.value for warning in enrollment.warnings],
        voiceprints=len(enrollment.voiceprints),
        net_speech_s=[round(v.quality.net_speech_s, 2) for v in enrollment.voiceprints],
        duration_s=round((enrollment.ended_at - enrollment.started_at).total_seconds(), 2),
    )
    return enrollment
