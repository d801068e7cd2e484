"""The engine's front door: one voice model, its calibration and a policy behind a few calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.audio import Listener, ListeningLimits
from engine.decision.calibration import Calibration
from engine.decision.operating_point import OperatingPoint, at_fmr
from engine.decision.policy import QualityLimits, judge, shortcoming
from engine.enrollment import consistent
from engine.types import (
    Embedding,
    Judgement,
    Llr,
    ModelId,
    Quality,
    Shortcoming,
    Utterance,
    Voiceprint,
)
from engine.verification import compare
from engine.voice.card import card_in
from engine.voice.embedder import Embedder

MODELS = Path(__file__).parent / "voice" / "models"
"""The built-in voice model's folder."""

TARGET_FMR = 0.01


@dataclass(frozen=True, slots=True)
class SpeakerEngine:
    """One voice model, its calibration and a policy. Safe for use from several threads."""

    embedder: Embedder
    calibration: Calibration
    point: OperatingPoint
    limits: QualityLimits = field(default_factory=QualityLimits)
    listening: ListeningLimits = field(default_factory=ListeningLimits)

    @classmethod
    def load(
        cls,
        models: Path = MODELS,
        target_fmr: float = TARGET_FMR,
        limits: QualityLimits | None = None,
        listening: ListeningLimits | None = None,
    ) -> SpeakerEngine:
        """Load the model at `models`: a card, or a folder with one card.

        `target_fmr` is the share of impostors, in (0, 1), that one comparison may accept.
        `ModelError` where the model cannot be used or cannot reach that rate, `ValueError` where
        the rate is none.
        """
        embedder = Embedder.load(card_in(models))
        calibration = Calibration.of(embedder.card)
        point = at_fmr(target_fmr, calibration)
        return cls(
            embedder,
            calibration,
            point,
            limits or QualityLimits(),
            listening or ListeningLimits(),
        )

    @property
    def model(self) -> ModelId:
        """Which voice model makes the embeddings."""
        return self.embedder.card.model

    def listener(self) -> Listener:
        """Return ears for one utterance; 0.1 s where `engine.audio.warm` has made none ready."""
        return Listener(self.listening)

    def embed(self, utterance: Utterance) -> Embedding:
        """Turn speech into a voice; `AudioError` where it is empty or not finite."""
        return self.embedder.embed(utterance)

    def shortcoming(self, quality: Quality) -> Shortcoming | None:
        """Return what keeps an utterance of this quality from being used, or None."""
        return shortcoming(quality, self.limits)

    def compare(
        self, embedding: Embedding, quality: Quality, voiceprints: Sequence[Voiceprint]
    ) -> Llr:
        """Weigh one utterance against a person's voiceprints.

        `NoVoiceprintError` without any, `ModelMismatchError` where they are another model's.
        """
        return compare(embedding, quality, voiceprints, self.calibration)

    def judge(self, llrs: Sequence[Llr]) -> Judgement:
        """Judge the evidence of a call's attempts; none at all is INCONCLUSIVE."""
        return judge(llrs, self.point)

    def consistent(self, voiceprint: Voiceprint, others: Sequence[Voiceprint]) -> bool:
        """Say whether a new enrollment recording sounds like the same person's others."""
        return consistent(voiceprint, others, self.calibration)
