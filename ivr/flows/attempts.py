"""An attempt: from what was captured to evidence, and from all evidence to a judgement."""

from __future__ import annotations

from collections.abc import Sequence

from engine.decision.policy import AttemptEvidence
from engine.types import Judgement, Shortcoming, Voiceprint
from ivr.flows.conversation import Capture, Unheard
from ivr.flows.course import Course
from ivr.flows.hints import hint_after
from ivr.flows.services import Services
from ivr.flows.telling import tell_course
from ivr.ports import Call, Voice


def weighed(
    capture: Capture, voiceprints: Sequence[Voiceprint], voice: Voice, least_s: float = 0.0
) -> AttemptEvidence:
    """Weigh what was captured against a person's voiceprints, where it is good enough.

    `least_s` is the net speech that it must have, beyond what every utterance must.
    """
    shortcoming = shortcoming_of(capture, voice, least_s)
    examination, llr = capture.examination, None
    if shortcoming is None:
        llr = voice.compare(examination.embedding, capture.quality, voiceprints)
    return AttemptEvidence(
        llr=llr,
        shortcoming=shortcoming,
        phrase=examination.phrase,
        digits=examination.digits,
        replay=examination.replay,
        quality=capture.quality,
    )


def shortcoming_of(capture: Capture, voice: Voice, least_s: float) -> Shortcoming | None:
    """Return what keeps a capture from being used, or None."""
    found = voice.shortcoming(capture.quality)
    if found is None and not capture.quality.net_speech_s >= least_s:
        return Shortcoming.TOO_SHORT
    return found


def unspoken(unheard: Unheard, voice: Voice) -> AttemptEvidence:
    """Return the evidence of an attempt in which nobody spoke: what was on the line."""
    shortcoming = instead_of_speech(unheard, voice)
    if shortcoming is None:
        return AttemptEvidence()
    return AttemptEvidence(shortcoming=shortcoming, quality=unheard.quality)


def instead_of_speech(unheard: Unheard, voice: Voice) -> Shortcoming | None:
    """Return what was on the line where nobody spoke, tones or music; None where it was silent."""
    found = voice.shortcoming(unheard.quality)
    return None if found is Shortcoming.TOO_SHORT else found


def judged(call: Call, course: Course, evidence: AttemptEvidence, services: Services) -> Judgement:
    """Note an attempt and judge all there are; leave in `course.hint` how to do better."""
    locale = call.facts.request.locale
    model = None if course.profile is None else services.voice.model_of(course.profile)
    course.note(evidence, services.voice.judge([evidence], model=model, locale=locale))
    course.threshold = services.voice.threshold(model)
    course.hint = hint_after(evidence)
    judgement = services.voice.judge(course.evidence, model=model, locale=locale)
    tell_course(call, course, services, judgement)
    return judgement
