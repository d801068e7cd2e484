"""Passive verification: the caller talks to somebody else, and is compared until it is clear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

from engine.decision.policy import AttemptEvidence
from engine.types import Judgement, Llr, Locale, Reason, Verdict
from ivr.domain.call import CallState
from ivr.domain.claim import ClaimSource
from ivr.flows.admitting import Compared, admitted
from ivr.flows.attempts import weighed
from ivr.flows.claiming import ClaimRules
from ivr.flows.conversation import Capture
from ivr.flows.course import Course
from ivr.flows.looking import watchlisted
from ivr.flows.obstacles import obstacle_by_now, undecided
from ivr.flows.overhearing import Overhearing
from ivr.flows.services import Services
from ivr.flows.telling import tell_course
from ivr.flows.turns import joined
from ivr.ports import Call, CallerHungUpError, ToldToStopError, Wanted


class CutShort(StrEnum):
    """Why there was not enough speech, in the record's words."""

    TOLD_TO_STOP = "It was told to stop before the voice was clear."
    TIME_IS_UP = "The caller said too little while it listened."


async def passive(call: Call, course: Course, services: Services) -> Judgement:
    """Listen to the caller until it is clear whose voice it is, and return the verdict.

    Only the caller's side is heard (`Call.heard`). What is accumulated is weighed anew after each
    piece of speech, by a calibration that knows how much there is; `course` holds one attempt, the
    latest state of it, so that a hang-up loses nothing. Where it ends before it is clear, what was
    heard until then is still looked for on the watchlist.
    """
    compared = await admitted(call, course, services, unasked(services.verify.claim))
    if isinstance(compared, Judgement):
        return compared
    await call.note(CallState.LISTENING)
    try:
        clear = await _listened(call, course, compared, services)
    except ToldToStopError:
        return await _cut_short(call, course, compared, CutShort.TOLD_TO_STOP, services)
    except CallerHungUpError:
        listed = await _listed(call, course, compared, services)
        if listed is None:
            raise
        return listed
    return clear or await _cut_short(call, course, compared, CutShort.TIME_IS_UP, services)


def unasked(claim: ClaimRules) -> ClaimRules:
    """Return the rules without what would have to be asked of the caller."""
    kept = tuple(each for each in claim.sources if each is not ClaimSource.KEYED)
    return replace(claim, sources=kept)


def standing(
    now: Judgement, weaker: Judgement, stronger: Judgement, *, enough: bool
) -> Judgement | None:
    """Return the verdict if it stands, None where more speech should tell.

    `now` judges the evidence as it is, `weaker` and `stronger` the same less and plus a margin:
    whoever looks again and again is tempted to stop at a lucky moment, and the margin makes up for
    it. With `enough` speech the margin is waived, since that moment was fixed beforehand; evidence
    that only leans to the claim is INCONCLUSIVE then. A repeated recording needs no more speech.
    """
    if now.reason is Reason.SPOOF_SUSPECTED:
        return now
    if now.verdict is Verdict.ACCEPT and weaker.verdict is Verdict.ACCEPT:
        return now
    if now.verdict is Verdict.REJECT and _hopeless(stronger):
        return now
    if not enough:
        return None
    if now.verdict is Verdict.REJECT and now.unsure:
        reason = Reason.NOT_ENOUGH_SPEECH
        return replace(now, verdict=Verdict.INCONCLUSIVE, reason=reason, unsure=False)
    return now


def _hopeless(judgement: Judgement) -> bool:
    return judgement.verdict is Verdict.REJECT and not judgement.unsure


async def _listened(
    call: Call, course: Course, compared: Compared, services: Services
) -> Judgement | None:
    """Return the verdict once it stands; None where time is up before."""
    overhearing = Overhearing(call, services.voice, services.passive.longest_s)
    said: list[Capture] = []
    while piece := await overhearing.piece():
        wanted = _wanted(call, compared, said, services)
        said.append(piece.examined(await services.voice.examine(piece.utterance, wanted)))
        course.heard(said[-1])
        verdict = await _looked(call, course, compared, joined(said), services)
        if verdict is not None:
            return verdict
    return None


def _wanted(call: Call, compared: Compared, said: Sequence[Capture], services: Services) -> Wanted:
    """Return what the next piece is examined for: a voice, together with all that was said."""
    profile = compared.profile
    return Wanted(
        replay_key=services.keys.replay_key(call.facts.request.tenant),
        earlier=(*profile.fingerprints, *(each.examination.fingerprint for each in said)),
        locale=Locale(profile.locale),
        before=tuple(each.utterance for each in said),
        model=services.voice.model_of(profile),
    )


async def _looked(
    call: Call, course: Course, compared: Compared, capture: Capture, services: Services
) -> Judgement | None:
    """Weigh all that was said so far; return the verdict if it stands."""
    rules, voice, locale = services.passive, services.voice, call.facts.request.locale
    model = voice.model_of(compared.profile)
    evidence = weighed(capture, compared.profile.voiceprints, voice, rules.verify_s)
    now, weaker, stronger = (
        voice.judge([shifted(evidence, margin)], model=model, locale=locale)
        for margin in (0.0, -rules.margin, rules.margin)
    )
    course.retake(evidence, now)
    course.said = [capture.voiceprint] if evidence.shortcoming is None else []
    course.threshold = voice.threshold(model)
    net_speech_s = capture.quality.net_speech_s
    tell_course(call, course, services, now, net_speech_s)
    stands = standing(now, weaker, stronger, enough=net_speech_s >= rules.enough_s)
    if stands is None:
        return None
    obstacle = await obstacle_by_now(compared.profile, services.store, voice, services.clock)
    if obstacle is not None:
        return undecided(obstacle)
    return watchlisted(call, course, course.said, compared, services) or stands


def shifted(evidence: AttemptEvidence, by: float) -> AttemptEvidence:
    """Return the evidence with another Llr, where it has one."""
    return evidence if evidence.llr is None else replace(evidence, llr=Llr(evidence.llr + by))


async def _cut_short(
    call: Call, course: Course, compared: Compared, why: CutShort, services: Services
) -> Judgement:
    """Judge what ended before the voice was clear."""
    # Nobody waited for this since the caller spoke last.
    course.ended_at_s = None
    listed = await _listed(call, course, compared, services)
    return listed or replace(undecided(Reason.NOT_ENOUGH_SPEECH), explanation=why.value)


async def _listed(
    call: Call, course: Course, compared: Compared, services: Services
) -> Judgement | None:
    """Return the judgement on a voice of the watchlist; None if it is not, or may not be judged."""
    if not course.said or not compared.suspects:
        return None
    store, voice, clock = services.store, services.voice, services.clock
    if await obstacle_by_now(compared.profile, store, voice, clock) is not None:
        return None
    return watchlisted(call, course, course.said, compared, services)
