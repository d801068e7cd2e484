"""The verification call: claim, up to three attempts by phrase, digits or free speech, verdict."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from engine.types import Judgement, Locale, PhraseId, Reason
from ivr.domain.call import Purpose
from ivr.domain.mode import Mode
from ivr.domain.profile import Profile
from ivr.flows.admitting import Compared, admitted
from ivr.flows.attempts import judged, unspoken, weighed
from ivr.flows.conversation import Capture, Unheard
from ivr.flows.course import Course
from ivr.flows.looking import watchlisted
from ivr.flows.obstacles import undecided, upheld
from ivr.flows.services import Services
from ivr.flows.turns import Asking, ask_digits, ask_free, ask_phrase
from ivr.ports import Call, CallerHungUpError, Wanted


class Words(StrEnum):
    """What the caller is asked to say."""

    PHRASE = "phrase"
    FREE = "free"
    DIGITS = "digits"


async def verify(call: Call, course: Course, services: Services) -> Judgement:
    """Hold the conversation and return its verdict, leaving its course in `course`."""
    compared = await admitted(call, course, services, services.verify.claim)
    if isinstance(compared, Judgement):
        return compared
    try:
        judgement = await _attempted(call, course, compared, services)
    except CallerHungUpError:
        listed = watchlisted(call, course, course.said, compared, services)
        if listed is None:
            raise
        return listed
    listed = watchlisted(call, course, course.said, compared, services)
    profile, clock = compared.profile, services.clock
    return await upheld(listed or judgement, profile, services.store, services.voice, clock)


async def _attempted(
    call: Call, course: Course, compared: Compared, services: Services
) -> Judgement:
    """Ask as often as another attempt could tell."""
    judgement = undecided(Reason.NOT_ENOUGH_SPEECH)
    for _ in range(services.verify.attempts_max):
        judgement = await _attempt(call, course, compared, judgement, services)
        if not judgement.unsure:
            break
    return judgement


async def _attempt(
    call: Call, course: Course, compared: Compared, so_far: Judgement, services: Services
) -> Judgement:
    """Ask once, listen once, compare once, and judge all there is."""
    words = _words(call, course, compared.profile, so_far, services)
    capture = await _ask(call, course, compared.profile, words, services)
    if isinstance(capture, Unheard):
        return judged(call, course, unspoken(capture, services.voice), services)
    course.heard(capture)
    least_s = services.verify.free.verify_s if words is Words.FREE else 0.0
    evidence = weighed(capture, compared.profile.voiceprints, services.voice, least_s)
    if evidence.shortcoming is None:
        course.said.append(capture.voiceprint)
    return judged(call, course, evidence, services)


def _words(
    call: Call, course: Course, profile: Profile, so_far: Judgement, services: Services
) -> Words:
    """Choose what this call, this profile or the doubt so far wants to be said."""
    doubt = services.verify.step_up and course.llr is not None and so_far.unsure
    if call.facts.request.purpose is Purpose.CHALLENGE or doubt:
        return Words.DIGITS
    free = Mode.TEXT_INDEPENDENT in (profile.mode, call.facts.request.mode)
    return Words.FREE if free else Words.PHRASE


async def _ask(
    call: Call, course: Course, profile: Profile, words: Words, services: Services
) -> Capture | Unheard:
    request, rules = call.facts.request, services.verify
    asking = Asking(call, services.voice, rules.barge_in)
    wanted = Wanted(
        replay_key=services.keys.replay_key(request.tenant),
        earlier=(*profile.fingerprints, *course.fingerprints),
        locale=Locale(profile.locale),
        model=services.voice.model_of(profile),
    )
    match words:
        case Words.PHRASE:
            asked = replace(wanted, phrase=PhraseId(profile.passphrase), frames=profile.frames)
            return await ask_phrase(asking, course.hint, asked)
        case Words.DIGITS:
            drawn = services.voice.challenge(rules.digits)
            asked = replace(wanted, locale=Locale(request.locale), digits=drawn)
            return await ask_digits(asking, course.hint, asked)
        case Words.FREE:
            return await ask_free(asking, course.hint, wanted, rules.free)
