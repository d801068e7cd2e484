"""The verification call: claim, passphrase, up to three attempts, verdict."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.types import Judgement, ModelId, Reason, Shortcoming, Verdict
from ivr.domain.claim import Claim
from ivr.domain.passphrase import DEFAULT_PASSPHRASE, PASSPHRASES
from ivr.domain.profile import Profile, ProfileState
from ivr.domain.prompt import Prompt
from ivr.domain.verification import Attempt
from ivr.flows.claiming import ClaimRules, resolve_claim
from ivr.flows.conversation import ask_speech
from ivr.ports import Call, ProfileStore, Voice


@dataclass(frozen=True, slots=True)
class VerifyRules:
    """What an operator may set."""

    attempts_max: int = 3
    barge_in: bool = True
    claim: ClaimRules = field(default_factory=ClaimRules)


@dataclass(slots=True)
class Course:
    """What a call has come to so far: kept outside the flow, so that a hang-up loses nothing."""

    claim: Claim | None = None
    profile: Profile | None = None
    attempts: list[Attempt] = field(default_factory=list)
    hint: Prompt | None = None
    """What to tell the caller before the next attempt."""
    ended_at_s: float | None = None
    """When the last utterance ended, in seconds of the loop's clock."""


def undecided(reason: Reason) -> Judgement:
    """Return INCONCLUSIVE for a reason that is not about the voice."""
    return Judgement(Verdict.INCONCLUSIVE, reason, confidence=0, unsure=False)


HINTS: dict[Shortcoming, Prompt] = {
    Shortcoming.TOO_SHORT: Prompt.TOO_SHORT,
    Shortcoming.TOO_NOISY: Prompt.TOO_NOISY,
    Shortcoming.TOO_QUIET: Prompt.TOO_QUIET,
    Shortcoming.TOO_LOUD: Prompt.TOO_LOUD,
}

OBSTACLES: dict[ProfileState, Reason | None] = {
    ProfileState.ENROLLED: None,
    ProfileState.ENROLLING: Reason.NOT_ENROLLED,
    ProfileState.EXPIRED: Reason.EXPIRED,
    ProfileState.OPTED_OUT: Reason.OPTED_OUT,
}


async def verify(
    call: Call, course: Course, store: ProfileStore, voice: Voice, rules: VerifyRules
) -> Judgement:
    """Hold the conversation and return its verdict, leaving its course in `course`."""
    claimed = await resolve_claim(call, store, rules.claim)
    if claimed is None:
        return undecided(Reason.NO_CLAIM)
    course.claim, course.profile = claimed
    obstacle = obstacle_to(course.profile, voice.model)
    if course.profile is None or obstacle is not None:
        return undecided(obstacle or Reason.NOT_ENROLLED)
    for _ in range(rules.attempts_max):
        attempt = await _attempt(call, course, course.profile, voice, barge_in=rules.barge_in)
        course.attempts.append(attempt)
        judgement = judge_attempts(course.attempts, voice)
        if attempt.llr is not None and not judgement.unsure:
            return judgement
    return judge_attempts(course.attempts, voice)


def obstacle_to(profile: Profile | None, model: ModelId) -> Reason | None:
    """Return why this profile cannot be verified against with this voice model, or None."""
    if profile is None:
        return Reason.NOT_ENROLLED
    if not profile.consented and profile.state is ProfileState.ENROLLED:
        return Reason.NO_CONSENT
    if profile.state is ProfileState.ENROLLED and not profile.voiceprints:
        return Reason.NOT_ENROLLED
    if any(voiceprint.embedding.model != model for voiceprint in profile.voiceprints):
        # Another model made them: only a new enrollment helps.
        return Reason.EXPIRED
    return OBSTACLES[profile.state]


def judge_attempts(attempts: list[Attempt], voice: Voice) -> Judgement:
    """Judge all the evidence of the call; without any, the last attempt says why."""
    llrs = [attempt.llr for attempt in attempts if attempt.llr is not None]
    if llrs:
        return voice.judge(llrs)
    return undecided(attempts[-1].reason if attempts else Reason.NOT_ENOUGH_SPEECH)


async def _attempt(
    call: Call, course: Course, profile: Profile, voice: Voice, *, barge_in: bool
) -> Attempt:
    """Ask once, listen once, compare once; leave in `course.hint` how to do better."""
    phrase = PASSPHRASES.get(profile.passphrase, PASSPHRASES[DEFAULT_PASSPHRASE])
    hint = () if course.hint is None else (course.hint,)
    prompts = (*hint, Prompt.AFTER_THE_TONE_SAY, phrase, Prompt.TONE)
    capture = await ask_speech(call, voice, *prompts, barge_in=barge_in)
    if capture is None:
        course.hint = Prompt.NOTHING_HEARD
        return Attempt(Verdict.INCONCLUSIVE, Reason.NOT_ENOUGH_SPEECH, None, None)
    course.ended_at_s = capture.ended_at_s
    shortcoming = voice.shortcoming(capture.quality)
    if shortcoming is not None:
        course.hint = HINTS[shortcoming]
        return Attempt(Verdict.INCONCLUSIVE, shortcoming.reason, None, capture.quality)
    course.hint = Prompt.NOT_SURE_YET
    llr = voice.compare(capture.embedding, capture.quality, profile.voiceprints)
    judgement = voice.judge([llr])
    return Attempt(judgement.verdict, judgement.reason, llr, capture.quality)
