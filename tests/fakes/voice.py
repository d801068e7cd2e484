"""A voice engine for flow tests: loud frames are speech, and the amplitude is who speaks."""

from __future__ import annotations

import asyncio
import hmac
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import cast

import numpy as np

from engine.decision.calibration import Calibration
from engine.decision.operating_point import Basis, OperatingPoint
from engine.decision.policy import UNCHECKED_PHRASE, AttemptEvidence, decide, fused
from engine.enrollment import EnrollmentRules, Heard, Review, of_one_voice, review
from engine.errors import OutOfReachError
from engine.identification import Candidate, Identification
from engine.types import (
    TELEPHONE_RATE_HZ,
    Embedding,
    Fingerprint,
    Hearing,
    Judgement,
    Llr,
    Locale,
    ModelId,
    Pcm,
    PhraseFinding,
    PhraseOutcome,
    Quality,
    ReplayFinding,
    ReplayOutcome,
    Shortcoming,
    Utterance,
    Voiceprint,
)
from ivr.domain.call import AccountId
from ivr.domain.enrollment import Recording
from ivr.domain.operating_point import OwnRates, PointPurpose
from ivr.domain.profile import Profile
from ivr.domain.watchlist import Suspect
from ivr.ports import Ear, Examination, Measurement, RateUnreachableError, Wanted
from ivr.reach import within_reach

MODEL = ModelId("fake")
LOUD = 100
WAIT_S, END_SILENCE_S, LONGEST_S, ENOUGH_S = 2.0, 0.6, 4.0, 0.8
NOISY = 30_000
"""A speaker this loud counts as noise."""
ANGLE_PER_UNIT = 1e-3
LOWEST_RATE = 1e-6


def voice_of(amplitude: int) -> Embedding:
    """Return the embedding of the person who speaks at this amplitude."""
    angle = amplitude * ANGLE_PER_UNIT
    return Embedding(np.array([np.cos(angle), np.sin(angle)], np.float32), MODEL)


def voiceprint_of(amplitude: int) -> Voiceprint:
    """Return a voiceprint of the person who speaks at this amplitude."""
    return Voiceprint(voice_of(amplitude), Quality(2.0, 30.0, -20.0, 0.0))


@dataclass
class FakeListener:
    """Ears with the real ones' contract, deaf to everything but loudness."""

    hearing: Hearing = Hearing.WAITING
    spoken: list[Pcm] = field(default_factory=list)
    heard: int = 0
    silence: int = 0

    def push(self, pcm: Pcm) -> Hearing:
        """Take a frame."""
        self.heard += len(pcm)
        loud = bool(np.abs(pcm.astype(np.int32)).max(initial=0) >= LOUD)
        self.silence = 0 if loud else self.silence + len(pcm)
        if loud:
            self.spoken.append(pcm)
        self.hearing = self._hearing(loud)
        return self.hearing

    def _hearing(self, loud: bool) -> Hearing:
        if not self.spoken:
            silent = self.heard >= WAIT_S * TELEPHONE_RATE_HZ
            return Hearing.SILENT if silent else Hearing.WAITING
        if self.silence >= END_SILENCE_S * TELEPHONE_RATE_HZ:
            return Hearing.ENDED
        if self.heard >= LONGEST_S * TELEPHONE_RATE_HZ:
            return Hearing.TOO_LONG
        return Hearing.SPEAKING if loud else Hearing.PAUSING

    def restart(self) -> None:
        """Forget."""
        self.hearing, self.spoken, self.heard, self.silence = Hearing.WAITING, [], 0, 0

    def close(self) -> None:
        """Hear nothing more."""

    def utterance(self) -> Utterance:
        """Return what was loud."""
        pcm = np.concatenate(self.spoken) if self.spoken else np.zeros(0, np.int16)
        return Utterance(np.repeat(pcm, 2).astype(np.float32) / np.float32(32768))

    def measurement(self) -> FakeMeasurement:
        """Take what was loud as it stands."""
        return FakeMeasurement(self.utterance(), cut_off=bool(self.spoken) and not self.silence)


@dataclass(frozen=True)
class FakeMeasurement:
    """How long was spoken, whether by the noise, and whether it goes on."""

    utterance: Utterance
    cut_off: bool

    def quality(self) -> Quality:
        """Measure."""
        samples = self.utterance.samples
        loudest = float(np.abs(samples).max(initial=0)) * 32768
        noisy = loudest >= NOISY
        snr_db = 0.0 if noisy else 30.0
        return Quality(len(samples) / 16_000, snr_db, -20.0, 0.0, cut_off=self.cut_off)


SAID = {0: PhraseOutcome.RIGHT, 1: PhraseOutcome.WRONG, 2: PhraseOutcome.UNSURE}
"""The last digit of the amplitude says what words were said."""


class FakeEar:
    """Ears that leave everything to the examination."""

    def follow(self, utterance: Utterance) -> None:
        """Take no notice."""


@dataclass
class FakeVoice:
    """The engine's contract over `FakeListener`; an Llr is a hundred times the cosine, less 90.

    Two utterances of the very same samples are repeats.
    """

    model: ModelId = MODEL
    embedded: int = 0
    failure: Exception | None = None
    needed: Llr = Llr(5.0)  # noqa: RUF009 - a NewType
    group_threshold: float = 7.0
    watchlist_threshold: float = 5.0
    voices_max: int = 1000
    """A search of more is out of reach."""
    recognises: bool = True
    overrun: bool = False
    wanted: list[Wanted] = field(default_factory=list)

    def at(self, own: OwnRates) -> FakeVoice:
        """Return a voice with the bound -ln(rate) as threshold; a rate below 1e-6 is too low."""
        if any(rate < LOWEST_RATE for rate in own.values()):
            raise RateUnreachableError("no such evidence is supported")
        bounds = {purpose: -math.log(rate) for purpose, rate in own.items()}
        return replace(
            self,
            needed=Llr(bounds.get(PointPurpose.VERIFICATION, self.needed)),
            group_threshold=bounds.get(PointPurpose.IDENTIFICATION, self.group_threshold),
            watchlist_threshold=bounds.get(PointPurpose.WATCHLIST, self.watchlist_threshold),
        )

    @property
    def busy(self) -> bool:
        """It is told."""
        return self.overrun

    def threshold(self, model: ModelId | None = None) -> Llr:
        """Return what is needed."""
        return self.needed

    def model_of(self, profile: Profile) -> ModelId:
        """There is one."""
        return self.model

    async def listener(self) -> FakeListener:
        """Return new ears."""
        return FakeListener()

    def ear(self, wanted: Wanted) -> FakeEar:
        """Return ears that hear nothing."""
        return FakeEar()

    async def examine(
        self, utterance: Utterance, wanted: Wanted, ear: Ear | None = None
    ) -> Examination:
        """Turn amplitude into a voice and words, after a turn of the loop; a phrase is one part."""
        self.embedded += 1
        self.wanted.append(wanted)
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure
        amplitude = round(float(np.abs(utterance.samples).max(initial=0)) * 32768)
        said = self._said(amplitude)
        printed = print_of(utterance, wanted.replay_key)
        voice = voice_of(amplitude - amplitude % 10)
        if wanted.phrase and said.outcome is PhraseOutcome.RIGHT:
            voice = replace(voice, parts=voice.vector[np.newaxis])
        return Examination(
            embedding=voice,
            fingerprint=printed,
            frames=b"frames" if wanted.phrase else b"",
            phrase=said if wanted.phrase else UNCHECKED_PHRASE,
            digits=said if wanted.digits else UNCHECKED_PHRASE,
            replay=_repeat(printed, wanted.earlier),
        )

    async def measure(self, measurement: Measurement) -> Quality:
        """Measure at once."""
        return measurement.quality()

    def shortcoming(self, quality: Quality) -> Shortcoming | None:
        """Refuse what is short or noisy."""
        if quality.net_speech_s < ENOUGH_S:
            return Shortcoming.TOO_SHORT
        return Shortcoming.TOO_NOISY if quality.snr_db < 6 else None

    def compare(
        self, embedding: Embedding, quality: Quality, voiceprints: Sequence[Voiceprint]
    ) -> Llr:
        """Weigh."""
        scores = [embedding.cosine(voiceprint.embedding) for voiceprint in voiceprints]
        return Llr(100 * sum(scores) / len(scores) - 90)

    def judge(
        self,
        attempts: Sequence[AttemptEvidence],
        *,
        watchlisted: bool = False,
        threshold: Llr | None = None,
        model: ModelId | None = None,
        locale: str,
    ) -> Judgement:
        """Judge by the policy itself."""
        needed = self.needed if threshold is None else threshold
        point = OperatingPoint(needed, Basis.BOUND)
        return decide(attempts, point, watchlisted=watchlisted, locale=Locale(locale))

    def review(
        self, recording: Recording, found: Heard, kept: Sequence[Recording], rules: EnrollmentRules
    ) -> Review[Recording]:
        """Review by the rules themselves, over this voice's evidence."""
        return review(recording, found, kept, cast(Calibration, self), rules)

    def of_one_voice(self, voiceprints: Sequence[Voiceprint]) -> tuple[int, ...]:
        """Tell by the rules themselves, over this voice's evidence."""
        return of_one_voice(voiceprints, cast(Calibration, self))

    def weigh_phrase(
        self, embedding: Embedding, quality: Quality, voiceprints: Sequence[Voiceprint]
    ) -> Llr:
        """Weigh, as a calibration does."""
        return self.compare(embedding, quality, voiceprints)

    def suspected(self, voiceprints: Sequence[Voiceprint], suspects: Sequence[Suspect]) -> bool:
        """Compare the mean with each."""
        threshold = self.watchlist_threshold
        return self.reaches(len(suspects)) and any(
            self._mean(voiceprints, each.voiceprints) > threshold for each in suspects
        )

    def reaches(self, voices: int) -> bool:
        """So many, and no more."""
        return within_reach(lambda: self._group_point(voices)) is not None

    def identify(
        self,
        embedding: Embedding,
        quality: Quality,
        group: Sequence[Profile],
        earlier: Sequence[Voiceprint] = (),
    ) -> Identification[AccountId]:
        """Rank the group."""
        said = [*earlier, Voiceprint(embedding, quality)]
        weighed = [Candidate(each.account, self._mean(said, each.voiceprints)) for each in group]
        ranked = sorted(weighed, key=lambda each: -each.llr)
        return Identification(tuple(ranked), self._group_point(len(group)))

    async def repeat(
        self, fingerprint: Fingerprint, earlier: Sequence[Fingerprint]
    ) -> ReplayFinding:
        """Look for the very same."""
        return _repeat(fingerprint, earlier)

    def resembling(
        self, voiceprints: Sequence[Voiceprint], others: Sequence[Profile]
    ) -> Sequence[AccountId]:
        """Compare the first with each."""
        first = voiceprints[0]
        found = within_reach(lambda: self.identify(first.embedding, first.quality, others))
        return () if found is None else tuple(each.name for each in found.hits)

    def challenge(self, length: int) -> str:
        """Always the same digits."""
        return "3141592653589"[:length]

    def _group_point(self, voices: int) -> Llr:
        if voices > self.voices_max:
            raise OutOfReachError(f"among {voices} voices: search a smaller group")
        return Llr(self.group_threshold)

    def _mean(self, said: Sequence[Voiceprint], known: Sequence[Voiceprint]) -> Llr:
        return fused([self.compare(each.embedding, each.quality, known) for each in said])

    def _said(self, amplitude: int) -> PhraseFinding:
        outcome = SAID[amplitude % 10] if self.recognises else PhraseOutcome.UNCHECKED
        return PhraseFinding(outcome, None, 1.0)


def print_of(utterance: Utterance, key: bytes) -> Fingerprint:
    """Return a keyed hash of the very samples."""
    return Fingerprint(hmac.digest(key, utterance.samples.tobytes(), "sha256"))


def _repeat(printed: Fingerprint, earlier: Sequence[Fingerprint]) -> ReplayFinding:
    if not earlier:
        return ReplayFinding(ReplayOutcome.UNCHECKED, 0.0, None)
    if printed in earlier:
        return ReplayFinding(ReplayOutcome.REPEAT, 1.0, 0.0)
    return ReplayFinding(ReplayOutcome.FRESH, 0.0, None)
