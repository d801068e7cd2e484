"""Scoring: how alike one voice is to a person's voiceprints."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from engine.errors import NoVoiceprintError
from engine.types import Embedding, Score, Voiceprint


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
