"""The look at the watchlist: once a call, at its end, with all that was fit to be compared."""

from __future__ import annotations

from collections.abc import Sequence

from engine.types import Judgement, Voiceprint
from ivr.flows.admitting import Compared
from ivr.flows.course import Course
from ivr.flows.services import Services
from ivr.flows.telling import tell_course
from ivr.ports import Call


def watchlisted(
    call: Call, course: Course, said: Sequence[Voiceprint], compared: Compared, services: Services
) -> Judgement | None:
    """Return the judgement on a voice of the watchlist, whatever it said; None if it is not.

    Ask once, at the end: every look would be one more chance of a false alarm.
    """
    voice = services.voice
    course.watchlisted = bool(said) and voice.suspected(said, compared.suspects)
    if not course.watchlisted:
        return None
    model, locale = voice.model_of(compared.profile), call.facts.request.locale
    judgement = voice.judge(course.evidence, watchlisted=True, model=model, locale=locale)
    tell_course(call, course, services, judgement)
    return judgement
