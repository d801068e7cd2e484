"""The enrollment call: consent, three repetitions of the passphrase that agree, spoken feedback."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.types import Fingerprint, Shortcoming, Voiceprint
from ivr.domain.call import AccountId
from ivr.domain.claim import ClaimSource
from ivr.domain.consent import Consent, ConsentGiven
from ivr.domain.enrollment import EnrollmentReason, EnrollmentResult, Recording
from ivr.domain.passphrase import DEFAULT_PASSPHRASE, PASSPHRASES
from ivr.domain.profile import Profile, ProfileState
from ivr.domain.prompt import Prompt
from ivr.flows.claiming import ClaimRules, resolve_claim
from ivr.flows.conversation import Capture, ask_keys, ask_speech, say
from ivr.flows.verify import HINTS
from ivr.ports import Call, Clock, ProfileStore, Voice

AGREE, DECLINE = "1", "2"
CONSENT_TRIES = 2


@dataclass(frozen=True, slots=True)
class EnrollRules:
    """What an operator may set. The dialplan vouches for the account unless told otherwise."""

    repetitions: int = 3
    tries_max: int = 7
    barge_in: bool = True
    consent_wait_s: float = 8.0
    consent_text: str = "en-US/1"
    claim: ClaimRules = field(default_factory=lambda: ClaimRules((ClaimSource.DIALPLAN,)))


@dataclass(slots=True)
class EnrollCourse:
    """What an enrollment has come to so far."""

    answered: bool = False
    account: AccountId | None = None
    consent: Consent | None = None
    kept: list[Recording] = field(default_factory=list)
    setback: Prompt | None = None
    """What to tell the caller before the next repetition."""
    complaint: EnrollmentReason = EnrollmentReason.NOT_ENOUGH_SPEECH
    """What the last refused repetition lacked."""


Ending = tuple[EnrollmentResult, EnrollmentReason]

COMPLETE: Ending = (EnrollmentResult.ENROLLED, EnrollmentReason.COMPLETE)
DECLINED: Ending = (EnrollmentResult.DECLINED, EnrollmentReason.NO_CONSENT)

COMPLAINTS: dict[Shortcoming, EnrollmentReason] = {
    Shortcoming.TOO_SHORT: EnrollmentReason.NOT_ENOUGH_SPEECH,
    Shortcoming.TOO_NOISY: EnrollmentReason.TOO_NOISY,
    Shortcoming.TOO_QUIET: EnrollmentReason.TOO_NOISY,
    Shortcoming.TOO_LOUD: EnrollmentReason.TOO_NOISY,
}


def failed(reason: EnrollmentReason) -> Ending:
    """Return the ending of an enrollment that did not come about."""
    return EnrollmentResult.FAILED, reason


async def enroll(
    call: Call,
    course: EnrollCourse,
    store: ProfileStore,
    voice: Voice,
    clock: Clock,
    rules: EnrollRules,
) -> Ending:
    """Hold the conversation; on COMPLETE the course holds consent and voiceprints to be stored."""
    claimed = await resolve_claim(call, store, rules.claim, known=False)
    if claimed is None:
        return failed(EnrollmentReason.NO_CLAIM)
    claim, profile = claimed
    course.account = claim.account
    refusal = refusal_of(profile)
    if refusal is not None:
        return failed(refusal)
    course.consent = await _consent(call, clock, rules)
    if course.consent is None:
        return DECLINED
    for _ in range(rules.tries_max):
        await _repetition(call, course, voice, barge_in=rules.barge_in)
        if len(course.kept) == rules.repetitions:
            return COMPLETE
    return failed(course.complaint)


def refusal_of(profile: Profile | None) -> EnrollmentReason | None:
    """Return why this person cannot be enrolled now, or None."""
    if profile is None or profile.state in (ProfileState.ENROLLING, ProfileState.EXPIRED):
        return None
    if profile.state is ProfileState.OPTED_OUT:
        return EnrollmentReason.OPTED_OUT
    return EnrollmentReason.ALREADY_ENROLLED


async def tell_ending(call: Call, ending: Ending) -> None:
    """Tell the caller how it ended."""
    result, reason = ending
    if reason is EnrollmentReason.ALREADY_ENROLLED:
        await say(call, Prompt.ENROLL_ALREADY)
    elif result is EnrollmentResult.ENROLLED:
        await say(call, Prompt.ENROLL_DONE)
    elif result is EnrollmentResult.DECLINED:
        await say(call, Prompt.ENROLL_DECLINED)
    else:
        await say(call, Prompt.ENROLL_FAILED)


async def _consent(call: Call, clock: Clock, rules: EnrollRules) -> Consent | None:
    prompt = Prompt.CONSENT
    for _ in range(CONSENT_TRIES):
        key = await ask_keys(call, prompt, at_most=1, wait_s=rules.consent_wait_s)
        if key == AGREE:
            return Consent(rules.consent_text, ConsentGiven.KEY_PRESS, clock.now())
        if key == DECLINE:
            return None
        prompt = Prompt.CONSENT_AGAIN
    return None


async def _repetition(call: Call, course: EnrollCourse, voice: Voice, *, barge_in: bool) -> None:
    """Ask for the passphrase once more and keep the recording if it is good."""
    capture = await ask_speech(call, voice, *_request(course), barge_in=barge_in)
    if capture is None:
        course.setback = Prompt.NOTHING_HEARD
        course.complaint = EnrollmentReason.NOT_ENOUGH_SPEECH
        return
    shortcoming = voice.shortcoming(capture.quality)
    if shortcoming is not None:
        course.setback, course.complaint = HINTS[shortcoming], COMPLAINTS[shortcoming]
        return
    _keep(course, capture, voice)


def _keep(course: EnrollCourse, capture: Capture, voice: Voice) -> None:
    """Keep a recording that sounds like the others; of two that differ, the newer one counts."""
    voiceprint = Voiceprint(capture.embedding, capture.quality)
    recording = Recording(voiceprint, capture.pcm, Fingerprint(b""), b"")
    others = [kept.voiceprint for kept in course.kept]
    if not others or voice.consistent(voiceprint, others):
        course.kept.append(recording)
        course.setback = None
        return
    if len(course.kept) == 1:
        course.kept[:] = [recording]
    course.setback = Prompt.ENROLL_SOUNDED_DIFFERENT
    course.complaint = EnrollmentReason.INCONSISTENT


def _request(course: EnrollCourse) -> tuple[Prompt, ...]:
    """Say what to do next: the first time in full, afterwards only what is new."""
    phrase = PASSPHRASES[DEFAULT_PASSPHRASE]
    if course.setback is not None:
        return course.setback, Prompt.AFTER_THE_TONE_SAY, phrase, Prompt.TONE
    match len(course.kept):
        case 0:
            return Prompt.ENROLL_INTRO, Prompt.AFTER_THE_TONE_SAY, phrase, Prompt.TONE
        case 1:
            return Prompt.ENROLL_AGAIN, Prompt.TONE
        case _:
            return Prompt.ENROLL_LAST, Prompt.TONE
