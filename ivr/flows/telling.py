"""What the desk is told of a verification, a challenge or an identification under way."""

from __future__ import annotations

from engine.types import Judgement
from ivr.domain.call import CallState
from ivr.domain.news import News
from ivr.domain.verification import Opening
from ivr.flows.course import Course
from ivr.flows.services import Services
from ivr.ports import Call


def tell_beginning(call: Call, opening: Opening, services: Services) -> None:
    """Tell that a call arrived, and to whom the dialplan offers it already."""
    request = call.facts.request
    services.desk.tell(
        News(
            tenant=opening.tenant,
            verification=opening.id,
            call=opening.call,
            worker=opening.worker,
            purpose=request.purpose,
            agents=(request.agent,) if request.agent else (),
            state=CallState.ARRIVED,
        )
    )


def tell_course(
    call: Call,
    course: Course,
    services: Services,
    so_far: Judgement | None = None,
    net_speech_s: float | None = None,
) -> None:
    """Tell what a call has come to; nothing where nobody could know which call it is."""
    if course.verification is None:
        return
    services.desk.tell(
        News(
            tenant=call.facts.request.tenant,
            verification=course.verification,
            call=call.facts.id,
            worker=services.worker,
            claim=course.claim,
            profile=None if course.profile is None else course.profile.id,
            attempts=tuple(course.attempts),
            llr=course.llr,
            threshold=course.threshold,
            confidence=None if so_far is None else so_far.confidence,
            net_speech_s=net_speech_s,
            watchlisted=course.watchlisted,
        )
    )
