"""Verify from a file: one recording is one attempt is one verification."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from uuid import uuid4

from engine.audio.files import AudioFile
from engine.decision.policy import AttemptEvidence
from engine.types import (
    Judgement,
    Locale,
    PhraseFinding,
    PhraseId,
    PhraseOutcome,
    Reason,
    Shortcoming,
    Voiceprint,
)
from ivr.domain.call import AccountId, CallId, TenantId
from ivr.domain.claim import Claim, ClaimSource
from ivr.domain.mode import Mode
from ivr.domain.profile import Profile
from ivr.domain.verification import Opening, Verification, VerificationId
from ivr.flows.course import Course
from ivr.flows.obstacles import obstacle_to, undecided, upheld
from ivr.offline.hearing import Sound, heard
from ivr.offline.office import WORKER, Office
from ivr.ports import Wanted


async def verify(
    tenant: TenantId,
    account: AccountId,
    file: AudioFile,
    office: Office,
    digits: str = "",
    *,
    number: VerificationId | None = None,
) -> Verification:
    """Verify a person against a file and return the verdict as it was written.

    With `digits`, a challenge, those must have been spoken, in their order, and not the phrase.
    `number` is that of the item of a batch that ordered it; where it was used before, the first
    verdict stands and is returned.
    `StoreUnavailableError` where it cannot be written; then there is no verdict.
    """
    opening = _opening(tenant, office, number or VerificationId(uuid4()))
    # Whoever asks names the account, as a dialplan does; the worker tells the two apart.
    course = Course(claim=Claim(tenant, account, ClaimSource.DIALPLAN))
    course.profile = await office.store.find(tenant, account)
    judgement = await _judged(course, file, office, digits)
    ended = course.ended(opening, judgement, office.voice, office.clock)
    return await office.store.close(replace(ended, ordered=number is not None))


async def _judged(course: Course, file: AudioFile, office: Office, digits: str) -> Judgement:
    """Compare, if there is a profile to compare with, and leave in the course what was found."""
    profile = course.profile
    if profile is None:
        return undecided(Reason.NOT_ENROLLED)
    model = office.voice.model_of(profile)
    obstacle = obstacle_to(profile, model, office.clock.now())
    if obstacle is not None:
        return undecided(obstacle)
    words = bool(digits) or profile.mode is Mode.TEXT_DEPENDENT
    sound = await asyncio.to_thread(heard, file, words=words)
    if len(sound.utterance.samples):
        evidence = await _examined(course, profile, sound, office, digits)
    else:
        instead = office.voice.shortcoming(sound.quality) or Shortcoming.TOO_SHORT
        evidence = AttemptEvidence(shortcoming=instead, quality=sound.quality)
    judgement = office.voice.judge(
        [evidence], watchlisted=course.watchlisted, model=model, locale=profile.locale
    )
    course.note(evidence, judgement)
    course.threshold = office.voice.threshold(model)
    return await upheld(judgement, profile, office.store, office.voice, office.clock)


async def _examined(
    course: Course, profile: Profile, sound: Sound, office: Office, digits: str
) -> AttemptEvidence:
    """Look for repeats and words, and compare the voice where there is enough of it."""
    found = await office.voice.examine(sound.utterance, _wanted(profile, office, digits))
    course.remember(found)
    shortcoming, llr = _shortcoming(sound, profile, office, digits), None
    if shortcoming is None:
        llr = office.voice.compare(found.embedding, sound.quality, profile.voiceprints)
        suspects = await office.store.watchlist(profile.tenant)
        said = [Voiceprint(found.embedding, sound.quality)]
        course.watchlisted = office.voice.suspected(said, suspects)
    return AttemptEvidence(
        llr=llr,
        shortcoming=shortcoming,
        phrase=found.phrase,
        digits=_asked(found.digits) if digits else found.digits,
        replay=found.replay,
        quality=sound.quality,
    )


def _asked(digits: PhraseFinding) -> PhraseFinding:
    """An answer that nothing here recognises counts for nothing."""
    if digits.outcome is PhraseOutcome.UNCHECKED:
        return PhraseFinding(PhraseOutcome.UNSURE, None, 0.0)
    return digits


def _shortcoming(sound: Sound, profile: Profile, office: Office, digits: str) -> Shortcoming | None:
    """What keeps the speech from being used; free speech must be longer than a phrase."""
    shortcoming = office.voice.shortcoming(sound.quality)
    free = profile.mode is Mode.TEXT_INDEPENDENT and not digits
    if shortcoming is None and free and sound.quality.net_speech_s < office.verify.free.verify_s:
        return Shortcoming.TOO_SHORT
    return shortcoming


def _wanted(profile: Profile, office: Office, digits: str) -> Wanted:
    asked = profile.mode is Mode.TEXT_DEPENDENT and not digits
    return Wanted(
        replay_key=office.keys.replay_key(profile.tenant),
        earlier=profile.fingerprints,
        locale=Locale(profile.locale),
        phrase=PhraseId(profile.passphrase) if asked else None,
        frames=profile.frames if asked else (),
        digits=digits,
        model=office.voice.model_of(profile),
    )


def _opening(tenant: TenantId, office: Office, number: VerificationId) -> Opening:
    call = CallId(f"{WORKER}-{number}")
    return Opening(number, call, tenant, office.worker, office.clock.now())
