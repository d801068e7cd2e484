"""Enroll a person from files: each is one recording, reviewed as on the telephone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import uuid4

from engine.audio.files import AudioFile, AudioFileError
from engine.enrollment import Heard, Objection
from engine.types import Fingerprint, Locale, PhraseId, Reason, Shortcoming, Voiceprint
from ivr.domain.call import AccountId, CallId, TenantId
from ivr.domain.consent import Consent
from ivr.domain.enrollment import (
    Draft,
    Enrollment,
    EnrollmentId,
    EnrollmentReason,
    EnrollmentResult,
    EnrollmentWarning,
    Recording,
)
from ivr.domain.mode import Mode
from ivr.flows.enroll import refusal_of
from ivr.offline.hearing import Sound, heard
from ivr.offline.office import WORKER, Office
from ivr.ports import Examination, Wanted


@dataclass(frozen=True, slots=True)
class Order:
    """Who is to be enrolled, how, and by what right."""

    tenant: TenantId
    account: AccountId
    consent: Consent
    locale: Locale
    mode: Mode
    phrase: PhraseId
    """Fixed by the enrollment where the mode is text-dependent; else the profile has none."""
    draft: Draft | None = None
    """The profile that was begun; None: whatever is there when the files are taken."""


@dataclass(frozen=True, slots=True)
class Remark:
    """What became of one file."""

    file: str
    kept: bool
    why: Objection | None
    """Why it, or another because of it, does not count."""
    shortcoming: Shortcoming | None
    error: AudioFileError | None = None
    """Why it could not even be read."""


@dataclass(slots=True)
class _Course:
    """What an enrollment has come to so far."""

    kept: tuple[Recording, ...] = ()
    fingerprints: list[Fingerprint] = field(default_factory=list)
    """Of all that was heard, also of what was not kept."""
    remarks: list[Remark] = field(default_factory=list)
    places: dict[int, int] = field(default_factory=dict)
    """Where the remark on a recording is, by the recording's `id()`: a file may come twice."""
    complete: bool = False
    complaint: EnrollmentReason = EnrollmentReason.NOT_ENOUGH_SPEECH


@dataclass(frozen=True, slots=True)
class Enrolled:
    """How an enrollment from files ended, and what became of each file."""

    enrollment: Enrollment
    remarks: tuple[Remark, ...]


_COMPLAINTS: dict[Objection, EnrollmentReason] = {
    Objection.WRONG_PHRASE: EnrollmentReason.WRONG_PHRASE,
    Objection.CUT_OFF: EnrollmentReason.WRONG_PHRASE,
    Objection.DUPLICATE: EnrollmentReason.DUPLICATE,
    Objection.INCONSISTENT: EnrollmentReason.INCONSISTENT,
    # More than may be, and still they do not agree.
    Objection.FULL: EnrollmentReason.INCONSISTENT,
}


async def enroll(
    order: Order, files: Iterable[AudioFile | AudioFileError], office: Office
) -> Enrolled:
    """Take the files in their order, and store the profile where they are enough.

    One that cannot be read is given as its error, and left out.
    FAILED with NO_CONSENT where the person was erased or withdrew while they were taken.
    `StoreUnavailableError` where it cannot be stored; then nobody is enrolled.
    """
    found = await review(order, files, office, EnrollmentId(uuid4()))
    return replace(found, enrollment=await office.store.enroll(found.enrollment))


async def review(
    order: Order,
    files: Iterable[AudioFile | AudioFileError],
    office: Office,
    number: EnrollmentId,
) -> Enrolled:
    """Take the files in their order, and say how the enrollment is to end; nothing is stored.

    The files are read in a thread, and not at all where the person cannot be enrolled. Raises
    `StoreUnavailableError`.
    """
    began, course = office.clock.now(), _Course()
    profile = await office.store.find(order.tenant, order.account)
    if order.draft is None and profile is not None:
        order = replace(order, draft=Draft(profile.id, profile.consented))
    refusal = refusal_of(profile)
    reading = iter(files if refusal is None else ())
    while (file := await asyncio.to_thread(next, reading, None)) is not None:
        await _take(file, order, course, office)
    reason = refusal or (EnrollmentReason.COMPLETE if course.complete else course.complaint)
    enrollment = _enrollment(order, course, reason, began, office, number)
    warned = replace(enrollment, warnings=await warnings_of(enrollment, office))
    return Enrolled(warned, tuple(course.remarks))


async def _take(
    file: AudioFile | AudioFileError, order: Order, course: _Course, office: Office
) -> None:
    """Take one more file into the enrollment, or note why not."""
    if isinstance(file, AudioFileError):
        course.remarks.append(Remark(file.name, False, None, None, file))
        return
    sound = await asyncio.to_thread(heard, file, words=order.mode is Mode.TEXT_DEPENDENT)
    shortcoming = office.voice.shortcoming(sound.quality)
    if shortcoming is not None:
        _refuse(course, file.name, shortcoming)
        return
    found = await office.voice.examine(sound.utterance, _wanted(order, course, office))
    recording = _recording(sound, found)
    course.fingerprints.append(found.fingerprint)
    rules = office.enroll.rules_of(order.mode)
    review = office.voice.review(
        recording, Heard.of(None, found.phrase, found.replay), course.kept, rules
    )
    course.kept, course.complete = review.kept, review.complete
    if review.why is not None:
        course.complaint = _COMPLAINTS.get(review.why, course.complaint)
    course.places[id(recording)] = len(course.remarks)
    course.remarks.append(Remark(file.name, recording in review.kept, review.why, None))
    _mark_dropped(course, review.dropped)


def _refuse(course: _Course, name: str, shortcoming: Shortcoming) -> None:
    too_short = shortcoming.reason is Reason.NOT_ENOUGH_SPEECH
    course.complaint = (
        EnrollmentReason.NOT_ENOUGH_SPEECH if too_short else EnrollmentReason.TOO_NOISY
    )
    course.remarks.append(Remark(name, False, Objection.POOR, shortcoming))


def _mark_dropped(course: _Course, dropped: tuple[Recording, ...]) -> None:
    """An earlier recording may turn out to be the odd one."""
    for place in (course.places[id(each)] for each in dropped):
        remark = course.remarks[place]
        course.remarks[place] = replace(
            remark, kept=False, why=remark.why or Objection.INCONSISTENT
        )


def _wanted(order: Order, course: _Course, office: Office) -> Wanted:
    phrase = order.phrase if order.mode is Mode.TEXT_DEPENDENT else None
    return Wanted(
        replay_key=office.keys.replay_key(order.tenant),
        earlier=tuple(course.fingerprints),
        locale=order.locale,
        phrase=phrase,
        frames=tuple(each.frames for each in course.kept) if phrase else (),
    )


def _recording(sound: Sound, found: Examination) -> Recording:
    voiceprint = Voiceprint(found.embedding, sound.quality)
    return Recording(voiceprint, sound.pcm, found.fingerprint, found.frames)


def _enrollment(
    order: Order,
    course: _Course,
    reason: EnrollmentReason,
    began: datetime,
    office: Office,
    number: EnrollmentId,
) -> Enrollment:
    success = reason is EnrollmentReason.COMPLETE
    return Enrollment(
        id=number,
        call=CallId(f"{WORKER}-{number}"),
        tenant=order.tenant,
        worker=office.worker,
        account=order.account,
        locale=order.locale,
        passphrase=order.phrase if order.mode is Mode.TEXT_DEPENDENT else "",
        result=EnrollmentResult.ENROLLED if success else EnrollmentResult.FAILED,
        reason=reason,
        consent=order.consent if success else None,
        recordings=course.kept if success else (),
        started_at=began,
        ended_at=office.clock.now(),
        mode=order.mode,
        draft=order.draft,
    )


async def warnings_of(enrollment: Enrollment, office: Office) -> tuple[EnrollmentWarning, ...]:
    """What an administrator should look at; only a success is looked at."""
    if enrollment.result is not EnrollmentResult.ENROLLED:
        return ()
    store, voice = office.store, office.voice
    others = await store.enrolled(enrollment.tenant, at_most=office.enroll.compare_profiles_max)
    elsewhere = [each for each in others if each.account != enrollment.account]
    suspects = await store.watchlist(enrollment.tenant)
    found = {
        EnrollmentWarning.ENROLLED_ELSEWHERE: voice.resembling(enrollment.voiceprints, elsewhere),
        EnrollmentWarning.WATCHLISTED: voice.suspected(enrollment.voiceprints, suspects),
    }
    return tuple(warning for warning, so in found.items() if so)
