"""The enrollment call: consent, recordings that agree, and spoken feedback on each."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from uuid import uuid4

from engine.enrollment import Heard, Objection, Review
from engine.types import Fingerprint, Locale, PhraseId, Shortcoming, Voiceprint
from ivr.domain.call import AccountId
from ivr.domain.consent import Consent, ConsentGiven
from ivr.domain.enrollment import (
    EnrollmentId,
    EnrollmentReason,
    EnrollmentResult,
    EnrollmentWarning,
    Recording,
)
from ivr.domain.mode import Mode
from ivr.domain.passphrase import DEFAULT_PASSPHRASE
from ivr.domain.profile import Profile, ProfileState
from ivr.domain.prompt import Prompt, Spoken
from ivr.flows.attempts import instead_of_speech
from ivr.flows.claiming import resolve_claim
from ivr.flows.conversation import Capture, Unheard, ask_keys, say
from ivr.flows.hints import HINTS
from ivr.flows.rules import EnrollRules
from ivr.flows.services import Services
from ivr.flows.turns import Asking, ask, say_the_phrase
from ivr.ports import Call, Clock, Wanted

AGREE, DECLINE = "1", "2"
CONSENT_TRIES = 2


@dataclass(slots=True)
class EnrollCourse:
    """What an enrollment has come to so far."""

    id: EnrollmentId = field(default_factory=lambda: EnrollmentId(uuid4()))
    """Of the record that it will have."""
    answered: bool = False
    account: AccountId | None = None
    mode: Mode = Mode.TEXT_DEPENDENT
    phrase: PhraseId = DEFAULT_PASSPHRASE
    """What is to be said, where the mode has a phrase."""
    consent: Consent | None = None
    kept: tuple[Recording, ...] = ()
    activation: Recording | None = None
    """The passphrase that free speech began with, where the rules ask for it."""
    fingerprints: list[Fingerprint] = field(default_factory=list)
    """Of all recordings, those not kept too."""
    warnings: tuple[EnrollmentWarning, ...] = ()
    setback: Prompt | None = None
    """What to tell the caller before the next recording."""
    complaint: EnrollmentReason = EnrollmentReason.NOT_ENOUGH_SPEECH
    """What the last refused recording lacked."""


Ending = tuple[EnrollmentResult, EnrollmentReason]

COMPLETE: Ending = (EnrollmentResult.ENROLLED, EnrollmentReason.COMPLETE)
DECLINED: Ending = (EnrollmentResult.DECLINED, EnrollmentReason.NO_CONSENT)

OBJECTIONS: dict[Objection, tuple[Prompt, EnrollmentReason]] = {
    Objection.WRONG_PHRASE: (Prompt.WRONG_PHRASE, EnrollmentReason.WRONG_PHRASE),
    Objection.CUT_OFF: (Prompt.CUT_OFF, EnrollmentReason.WRONG_PHRASE),
    Objection.DUPLICATE: (Prompt.ENROLL_SAME_RECORDING, EnrollmentReason.DUPLICATE),
    Objection.INCONSISTENT: (Prompt.ENROLL_SOUNDED_DIFFERENT, EnrollmentReason.INCONSISTENT),
    # More than may be, and still they do not agree.
    Objection.FULL: (Prompt.ENROLL_SOUNDED_DIFFERENT, EnrollmentReason.INCONSISTENT),
}


def failed(reason: EnrollmentReason) -> Ending:
    """Return the ending of an enrollment that did not come about."""
    return EnrollmentResult.FAILED, reason


async def enroll(call: Call, course: EnrollCourse, services: Services) -> Ending:
    """Hold the conversation; on COMPLETE the course holds consent and recordings to be stored."""
    rules, request = services.enroll, call.facts.request
    claimed = await resolve_claim(call, services.store, rules.claim, known=False)
    if claimed is None:
        return failed(EnrollmentReason.NO_CLAIM)
    claim, profile = claimed
    course.account = claim.account
    refusal = refusal_of(profile)
    if refusal is not None:
        return failed(refusal)
    course.mode, course.phrase = request.mode or rules.mode, request.phrase or rules.phrase
    course.consent = await _consent(call, services.clock, rules)
    if course.consent is None:
        return DECLINED
    for _ in range(rules.tries_of(course.mode)):
        if await _recorded(call, course, services):
            course.warnings = await warnings_on(call, course, services)
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
        key = await ask_keys(call, prompt, at_most=1, wait_s=rules.consent_wait_s, early=False)
        if key == AGREE:
            version = rules.consent_version(call.facts.request.locale)
            return Consent(version, ConsentGiven.KEY_PRESS, clock.now())
        if key == DECLINE:
            return None
        prompt = Prompt.CONSENT_AGAIN
    return None


async def _recorded(call: Call, course: EnrollCourse, services: Services) -> bool:
    """Ask for one more recording, keep it if it is good, and say whether there is enough."""
    asking = Asking(call, services.voice, services.enroll.barge_in)
    activating = _activating(course, services)
    wanted = wanted_of(call, course, services, spoken=activating or not _free(course))
    capture = await ask(asking, _request(course, wanted), wanted)
    if isinstance(capture, Unheard):
        _take_note_of_line(course, instead_of_speech(capture, services.voice))
        return False
    review = keep(capture, course, services)
    if activating and review.why is None:
        course.activation = review.kept[-1]
    return review.complete and not _activating(course, services)


def _free(course: EnrollCourse) -> bool:
    return course.mode is Mode.TEXT_INDEPENDENT


def _activating(course: EnrollCourse, services: Services) -> bool:
    """Whether free speech still lacks its passphrase: never said, or in another voice."""
    activated = any(each is course.activation for each in course.kept)
    return services.enroll.activation and _free(course) and not activated


def keep(capture: Capture, course: EnrollCourse, services: Services) -> Review[Recording]:
    """Take one more recording into the enrollment, or leave in the course why not."""
    review = _reviewed(capture, course, services)
    course.fingerprints.append(capture.examination.fingerprint)
    course.kept = review.kept
    _take_note(course, review)
    return review


def wanted_of(call: Call, course: EnrollCourse, services: Services, *, spoken: bool) -> Wanted:
    """Return what a recording is examined for; `spoken`: whether it is to be the passphrase."""
    request = call.facts.request
    return Wanted(
        replay_key=services.keys.replay_key(request.tenant),
        earlier=tuple(course.fingerprints),
        locale=Locale(request.locale),
        phrase=course.phrase if spoken else None,
        frames=() if _free(course) else tuple(each.frames for each in course.kept),
    )


def _reviewed(capture: Capture, course: EnrollCourse, services: Services) -> Review[Recording]:
    examination, voice = capture.examination, services.voice
    embedding = examination.embedding
    if _free(course):  # never compared part by part, not where it begins with the passphrase either
        embedding = replace(embedding, parts=None)
    recording = Recording(
        voiceprint=Voiceprint(embedding, capture.quality),
        pcm=capture.pcm,
        fingerprint=examination.fingerprint,
        frames=examination.frames,
    )
    shortcoming = voice.shortcoming(capture.quality)
    heard = Heard.of(shortcoming, examination.phrase, examination.replay)
    return voice.review(recording, heard, course.kept, services.enroll.rules_of(course.mode))


def _take_note(course: EnrollCourse, review: Review[Recording]) -> None:
    """Leave in the course why a recording is asked again, and how to do better."""
    course.setback = None
    if review.why is Objection.POOR and review.shortcoming is not None:
        _take_note_of_line(course, review.shortcoming)
    elif review.why is not None:
        course.setback, course.complaint = OBJECTIONS[review.why]


def _take_note_of_line(course: EnrollCourse, found: Shortcoming | None) -> None:
    """Leave in the course what kept a recording from being used; None: nothing was heard."""
    course.setback = Prompt.NOTHING_HEARD if found is None else HINTS[found]
    little = found in (None, Shortcoming.TOO_SHORT)
    reasons = EnrollmentReason.NOT_ENOUGH_SPEECH, EnrollmentReason.TOO_NOISY
    course.complaint = reasons[0] if little else reasons[1]


def _request(course: EnrollCourse, wanted: Wanted) -> tuple[Spoken, ...]:
    """Say what to do next: the first time in full, afterwards only what is new."""
    free = wanted.phrase is None
    task: tuple[Spoken, ...] = (Prompt.AFTER_THE_TONE_SPEAK,) if free else say_the_phrase(wanted)
    if course.setback is not None:
        return course.setback, *task
    if not course.kept:
        return Prompt.ENROLL_FREE_INTRO if free else Prompt.ENROLL_INTRO, *task
    if course.activation is not None and len(course.kept) == 1:
        return task
    if free:
        return (Prompt.GO_ON,)
    return (Prompt.ENROLL_AGAIN,) if len(course.kept) == 1 else (Prompt.ENROLL_LAST,)


async def warnings_on(
    call: Call, course: EnrollCourse, services: Services
) -> tuple[EnrollmentWarning, ...]:
    """Return what an administrator should look at: a voice that is known already."""
    tenant, voice, store = call.facts.request.tenant, services.voice, services.store
    voiceprints = [recording.voiceprint for recording in course.kept]
    warnings = []
    others = await store.enrolled(tenant, at_most=services.enroll.compare_profiles_max)
    elsewhere = [each for each in others if each.account != course.account]
    if voice.resembling(voiceprints, elsewhere):
        warnings.append(EnrollmentWarning.ENROLLED_ELSEWHERE)
    if voice.suspected(voiceprints, await store.watchlist(tenant)):
        warnings.append(EnrollmentWarning.WATCHLISTED)
    return tuple(warnings)
