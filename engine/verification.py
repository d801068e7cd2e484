"""Verification: one utterance weighed against one person's voiceprints."""

from __future__ import annotations

from collections.abc import Sequence

from engine.decision.calibration import Calibration
from engine.types import Embedding, Llr, Quality, Voiceprint


def compare(
    embedding: Embedding,
    quality: Quality,
    voiceprints: Sequence[Voiceprint],
    calibration: Calibration,
) -> Llr:
    """Return how much likelier the speech is if the person said it than if someone else did.

    Where the parts of the passphrase are known on both sides, each is compared with itself.

    `NoVoiceprintError` without voiceprints; `ModelMismatchError` where embedding, voiceprints and
    calibration are not all of one model. NaN where the embedding or its quality holds NaN.
    """
    return calibration.weigh_phrase(embedding, quality, voiceprints)
