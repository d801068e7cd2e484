"""One more recording for a profile: reviewed as on the telephone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from engine.audio.files import AudioFile
from engine.enrollment import EnrollmentRules, Heard, Review
from engine.types import Locale, PhraseId, PhraseOutcome, Voiceprint
from ivr.api.azure.kinds import AUDIO_MIN_S, Contract
from ivr.api.azure.locales import phrases_of
from ivr.api.azure.refusals import audio_length, objection, too_many, unusable
from ivr.domain.azure import Addition, AzureProfile, Kept
from ivr.domain.call import CallId, TenantId
from ivr.domain.consent import Consent
from ivr.domain.enrollment import (
    Enrollment,
    EnrollmentId,
    EnrollmentReason,
    EnrollmentResult,
    Recording,
)
from ivr.domain.mode import Mode
from ivr.domain.profile import ProfileState
from ivr.offline import Office, warnings_of
from ivr.offline.hearing import Sound, heard
from ivr.ports import Examination, Wanted

WORKER = "azure"
"""Stands in the records where a call has the application that took it."""


@dataclass(frozen=True, slots=True)
class Taking:
    """A profile that is to be given one more recording."""

    tenant: TenantId
    profile: AzureProfile
    contract: Contract
    kept: Sequence[Kept]
    consent: Consent
    ignore_min_length: bool
    office: Office
    phrases_folder: Path | None = None

    async def take(self, file: AudioFile) -> tuple[Addition, Sound]:
        """Review a recording, and return what is to be written; `ApiError` where it is refused."""
        check_length(file.seconds, self.contract)
        self._check_total(file.seconds)
        words = self.contract.kind.mode is Mode.TEXT_DEPENDENT
        sound = await asyncio.to_thread(heard, file, words=words)
        shortcoming = self.office.voice.shortcoming(sound.quality)
        if shortcoming is not None:
            raise unusable(shortcoming)
        phrase, found = await self._examined(sound)
        recording = Recording(
            Voiceprint(found.embedding, sound.quality), sound.pcm, found.fingerprint, found.frames
        )
        review = self.office.voice.review(
            recording,
            Heard.of(None, found.phrase, found.replay),
            [each.recording for each in self.kept],
            self.rules,
        )
        self._check(recording, review)
        return await self._addition(recording, phrase, review), sound

    @property
    def rules(self) -> EnrollmentRules:
        """How much makes an enrollment here."""
        rules = self.office.enroll.rules_of(self.contract.kind.mode)
        return replace(rules, speech_s=0.0) if self.ignore_min_length else rules

    @property
    def _enrolled(self) -> bool:
        return self.profile.stand.state is ProfileState.ENROLLED

    def _check_total(self, seconds: float) -> None:
        most_s = self.contract.audio_total_max_s
        if most_s is not None and self.profile.audio_s + seconds > most_s:
            raise too_many()

    def _check(self, recording: Recording, review: Review[Recording]) -> None:
        """Raise where the recording is not to be kept.

        A voice that is in use is not put in doubt: who is enrolled keeps the recordings there are.
        """
        kept = any(each is recording for each in review.kept)
        if review.why is not None and (self._enrolled or not kept):
            raise objection(review.why)

    async def _examined(self, sound: Sound) -> tuple[PhraseId | None, Examination]:
        """Find voice and words; the first recording of a passphrase decides which it is."""
        if self.contract.kind.mode is Mode.TEXT_INDEPENDENT:
            return None, await self._examine(sound, None)
        if self.profile.phrase is not None:
            return self.profile.phrase, await self._checked(sound, self.profile.phrase)
        listed = phrases_of(self.locale, self.phrases_folder).phrases
        first = next(iter(listed))
        found = await self._examine(sound, first)
        if found.phrase.heard is not None and found.phrase.heard != first:
            first = found.phrase.heard
            found = await self._examine(sound, first)
        return first, _recognised(found)

    async def _checked(self, sound: Sound, phrase: PhraseId) -> Examination:
        return _recognised(await self._examine(sound, phrase))

    async def _examine(self, sound: Sound, phrase: PhraseId | None) -> Examination:
        recordings = [each.recording for each in self.kept]
        wanted = Wanted(
            replay_key=self.office.keys.replay_key(self.tenant),
            locale=self.locale,
            earlier=tuple(each.fingerprint for each in recordings),
            phrase=phrase,
            frames=tuple(each.frames for each in recordings) if phrase else (),
        )
        return await self.office.voice.examine(sound.utterance, wanted)

    @property
    def locale(self) -> Locale:
        """Of the words."""
        return Locale(self.profile.locale)

    async def _addition(
        self, recording: Recording, phrase: PhraseId | None, review: Review[Recording]
    ) -> Addition:
        gone = {id(each) for each in review.dropped}
        return Addition(
            id=uuid4(),
            recording=recording,
            dropped=tuple(each.id for each in self.kept if id(each.recording) in gone),
            phrase=phrase,
            consent=self.consent,
            completes=await self._completed(phrase, review),
        )

    async def _completed(
        self, phrase: PhraseId | None, review: Review[Recording]
    ) -> Enrollment | None:
        if self._enrolled or not review.complete:
            return None
        number, now = uuid4(), self.office.clock.now()
        enrollment = Enrollment(
            id=EnrollmentId(number),
            call=CallId(f"{WORKER}-{number}"),
            tenant=self.tenant,
            worker=WORKER,
            account=self.profile.account,
            locale=self.profile.locale,
            passphrase=phrase or "",
            result=EnrollmentResult.ENROLLED,
            reason=EnrollmentReason.COMPLETE,
            consent=self.consent,
            recordings=review.kept,
            started_at=min(now, self.profile.updated_at),
            ended_at=now,
            mode=self.contract.kind.mode,
        )
        return replace(enrollment, warnings=await warnings_of(enrollment, self.office))


def check_length(seconds: float, contract: Contract) -> None:
    """Raise `InvalidRequestError` unless a recording is as long as the contract takes it."""
    if not AUDIO_MIN_S <= seconds <= contract.audio_max_s:
        raise audio_length(AUDIO_MIN_S, contract.audio_max_s)


def _recognised(found: Examination) -> Examination:
    """Words that nothing here recognises are not the passphrase."""
    if found.phrase.outcome is PhraseOutcome.UNCHECKED:
        return replace(found, phrase=replace(found.phrase, outcome=PhraseOutcome.UNSURE))
    return found
