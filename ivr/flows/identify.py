"""The identification call: who of a group is it, if anyone?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from engine.decision.policy import AttemptEvidence
from engine.identification import Identification
from engine.types import Judgement, Locale, Reason, ReplayFinding, Verdict
from ivr.domain.call import AccountId
from ivr.domain.profile import Profile
from ivr.flows.attempts import shortcoming_of, unspoken
from ivr.flows.conversation import Capture, Unheard
from ivr.flows.course import Course
from ivr.flows.hints import hint_after
from ivr.flows.obstacles import obstacle_to, undecided, upheld
from ivr.flows.services import Services
from ivr.flows.telling import tell_course
from ivr.flows.turns import Asking, ask_free, likest
from ivr.ports import Call, Voice, Wanted


async def identify(call: Call, course: Course, services: Services) -> Judgement:
    """Hold the conversation; ACCEPT names in `course` who was found, REJECT is nobody of them.

    Nobody is asked to speak where the group is empty, or so large that nobody could be named.
    """
    request = call.facts.request
    members = await services.store.group(request.tenant, request.group)
    group = [each for each in members if not _obstructed(each, services)]
    if not group:
        return undecided(Reason.NOT_ENROLLED)
    if not services.voice.reaches(len(group)):
        return undecided(Reason.UNAVAILABLE)
    judgement = undecided(Reason.NOT_ENOUGH_SPEECH)
    for _ in range(services.verify.attempts_max):
        judgement = await _attempt(call, course, group, services)
        if not judgement.unsure:
            break
    return judgement


def _obstructed(profile: Profile, services: Services) -> bool:
    return obstacle_to(profile, services.voice.model, services.clock.now()) is not None


async def _attempt(
    call: Call, course: Course, group: Sequence[Profile], services: Services
) -> Judgement:
    """Listen once to free speech, and search the group for the voice."""
    rules, request = services.verify, call.facts.request
    wanted = Wanted(
        replay_key=services.keys.replay_key(request.tenant),
        earlier=tuple(course.fingerprints),
        locale=Locale(request.locale),
    )
    asking = Asking(call, services.voice, rules.barge_in)
    capture = await ask_free(asking, course.hint, wanted, rules.free)
    if isinstance(capture, Unheard):
        return _judged(call, course, unspoken(capture, services.voice), None, services)
    course.heard(capture)
    shortcoming = shortcoming_of(capture, services.voice, rules.free.verify_s)
    if shortcoming is not None:
        evidence = AttemptEvidence(shortcoming=shortcoming, quality=capture.quality)
        return _judged(call, course, evidence, None, services)
    return await _searched(call, course, capture, group, services)


async def _searched(
    call: Call, course: Course, capture: Capture, group: Sequence[Profile], services: Services
) -> Judgement:
    """Search the group; whom it finds must not be played from a recording."""
    voice, said = services.voice, capture.voiceprint
    found = voice.identify(said.embedding, said.quality, group, course.said)
    course.said.append(said)
    member = next(each for each in group if each.account == found.ranked[0].name)
    likeliest = await _whole(member, services)
    replay = await _replay(capture, likeliest, voice)
    llr = voice.compare(said.embedding, said.quality, member.voiceprints)
    evidence = AttemptEvidence(llr, replay=replay, quality=capture.quality)
    judgement = _judged(call, course, evidence, found, services)
    judgement = await upheld(judgement, member, services.store, voice, services.clock)
    if judgement.verdict is Verdict.ACCEPT:
        course.profile, course.identity = likeliest, likeliest.account
    return judgement


async def _replay(capture: Capture, likeliest: Profile, voice: Voice) -> ReplayFinding:
    """Look for each piece in what is known of whom they are likest to; one repeat is enough."""
    pieces = (*capture.before, capture.examination)
    known = [await voice.repeat(each.fingerprint, likeliest.fingerprints) for each in pieces]
    return likest([*known, capture.examination.replay])


async def _whole(member: Profile, services: Services) -> Profile:
    """Return a member of the group whole: a group comes without fingerprints."""
    return await services.store.find(member.tenant, member.account) or member


def _judged(
    call: Call,
    course: Course,
    evidence: AttemptEvidence,
    found: Identification[AccountId] | None,
    services: Services,
) -> Judgement:
    """Note an attempt and judge by the search, which knows the earlier ones of the call."""
    threshold = None if found is None else found.threshold
    judge = partial(services.voice.judge, threshold=threshold, locale=call.facts.request.locale)
    course.note(evidence, judge([evidence]))
    fused = evidence if found is None else replace(evidence, llr=found.ranked[0].llr)
    judgement = judge([fused])
    course.threshold = threshold
    course.hint = hint_after(evidence)
    tell_course(call, course, services, judgement)
    return judgement
