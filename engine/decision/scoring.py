"""Scoring: how alike one voice is to a person's voiceprints, and how much speech says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from engine.errors import NoVoiceprintError
from engine.types import Embedding, ModelId, Quality, Score, Voiceprint


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one comparison found, and what it rests on."""

    model: ModelId
    score: Score
    test_s: float
    """Net speech of the utterance that is tested, in seconds."""
    enrolled_s: float
    """Mean net speech of the voiceprints, in seconds."""
    voiceprints: int
    """How many there are."""


def score(embedding: Embedding, voiceprints: Sequence[Voiceprint]) -> Score:
    """Return the mean cosine between an embedding and the voiceprints, in [-1, 1].

    For unit vectors it is the cosine with the voiceprints' mean, times that mean's length, so an
    enrollment that disagrees with itself scores lower. Averaging scores is a usual back end for
    several enrollment recordings (Rajan et al., "From single to multiple enrollment i-vectors:
    practical PLDA scoring variants for speaker verification", Digital Signal Processing 31, 2014).

    `NoVoiceprintError` without voiceprints, `ModelMismatchError` where one is another model's.
    """
    if not voiceprints:
        raise NoVoiceprintError
    return Score(fmean(embedding.cosine(voiceprint.embedding) for voiceprint in voiceprints))


def evidence(embedding: Embedding, quality: Quality, voiceprints: Sequence[Voiceprint]) -> Evidence:
    """Compare an utterance with a person's voiceprints; errors as `score`."""
    return Evidence(
        model=embedding.model,
        score=score(embedding, voiceprints),
        test_s=quality.net_speech_s,
        enrolled_s=fmean(voiceprint.quality.net_speech_s for voiceprint in voiceprints),
        voiceprints=len(voiceprints),
    )
