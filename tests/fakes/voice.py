"""A voice engine for flow tests: loud frames are speech, and the amplitude is who speaks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from engine.types import (
    TELEPHONE_RATE_HZ,
    Embedding,
    Hearing,
    Judgement,
    Llr,
    ModelId,
    Pcm,
    Quality,
    Reason,
    Shortcoming,
    Utterance,
    Verdict,
    Voiceprint,
)

MODEL = ModelId("fake")
LOUD = 100
WAIT_S, END_SILENCE_S, LONGEST_S, ENOUGH_S = 2.0, 0.6, 4.0, 0.8
NOISY = 30_000
"""A speaker this loud counts as noise."""
ANGLE_PER_UNIT = 1e-3


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

    def utterance(self) -> Utterance:
        """Return what was loud."""
        pcm = np.concatenate(self.spoken) if self.spoken else np.zeros(0, np.int16)
        return Utterance(np.repeat(pcm, 2).astype(np.float32) / np.float32(32768))

    def quality(self) -> Quality:
        """Measure how long was spoken, and whether by the noise."""
        samples = self.utterance().samples
        loudest = float(np.abs(samples).max(initial=0)) * 32768
        noisy = loudest >= NOISY
        return Quality(len(samples) / 16_000, 0.0 if noisy else 30.0, -20.0, 0.0)


@dataclass
class FakeVoice:
    """The engine's contract over `FakeListener`; an Llr is a hundred times the cosine, less 90."""

    model: ModelId = MODEL
    embedded: int = 0
    failure: Exception | None = None
    threshold: float = 5.0

    async def listener(self) -> FakeListener:
        """Return new ears."""
        return FakeListener()

    async def embed(self, utterance: Utterance) -> Embedding:
        """Turn amplitude into a voice, after a turn of the loop."""
        self.embedded += 1
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure
        return voice_of(round(float(np.abs(utterance.samples).max(initial=0)) * 32768))

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

    def judge(self, llrs: Sequence[Llr]) -> Judgement:
        """Judge by the mean."""
        if not llrs:
            return Judgement(Verdict.INCONCLUSIVE, Reason.NOT_ENOUGH_SPEECH, 0, unsure=False)
        mean = sum(llrs) / len(llrs)
        if mean >= self.threshold:
            return Judgement(Verdict.ACCEPT, Reason.MATCH, 99, unsure=False)
        return Judgement(Verdict.REJECT, Reason.NO_MATCH, 1, unsure=mean > 0)

    def consistent(self, voiceprint: Voiceprint, others: Sequence[Voiceprint]) -> bool:
        """Compare with the others."""
        return self.compare(voiceprint.embedding, voiceprint.quality, others) > 0
