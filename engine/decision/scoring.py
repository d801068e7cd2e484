"""Scoring: how alike one voice is to a person's voiceprints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from engine.errors import NoVoiceprintError
from engine.types import Embedding, Score, Voiceprint

Compare = Callable[[Embedding, Sequence[Voiceprint]], Score]
"""Scores an embedding against a person's voiceprints."""

LEAST_SPREAD = 1e-3
"""A cohort's scores never lie closer together than that; it keeps a quotient finite."""


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


def score_by_parts(embedding: Embedding, voiceprints: Sequence[Voiceprint]) -> Score | None:
    """Return the same of each part of a passphrase with itself, the mean over the parts.

    Over those voiceprints that have parts, and as many; None where they are not most of them.
    Errors as `score`.
    """
    if not voiceprints:
        raise NoVoiceprintError
    found = [embedding.cosine_by_parts(voiceprint.embedding) for voiceprint in voiceprints]
    scores = [each for each in found if each is not None]
    return Score(fmean(scores)) if 2 * len(scores) > len(found) else None


def in_parts(embedding: Embedding, voiceprints: Sequence[Voiceprint]) -> list[Voiceprint]:
    """Return the voiceprints that `score_by_parts` compares an embedding with."""
    return [each for each in voiceprints if embedding.cosine_by_parts(each.embedding) is not None]


def normalised(
    scores: NDArray[np.float64], cohort: NDArray[np.float64], top: int
) -> NDArray[np.float64]:
    """Normalise the scores of voices with one another, `[n, n]`, by those with a cohort, `[n, m]`.

    Adaptive symmetric normalisation: how many standard deviations a score lies above those of
    either voice with the `top` members of the cohort that it is most like, the mean of both
    (Matejka et al., "Analysis of score normalization in multilingual speaker recognition",
    Interspeech 2017). NaN where a voice holds NaN.
    """
    nearest = np.sort(cohort, axis=1)[:, -top:]
    mean, spread = nearest.mean(axis=1), np.maximum(nearest.std(axis=1), LEAST_SPREAD)
    by_row = (scores - mean[:, None]) / spread[:, None]
    by_column = (scores - mean[None, :]) / spread[None, :]
    found: NDArray[np.float64] = (by_row + by_column) / 2
    return found
