"""Ways to compare voices besides the mean cosine: spaces to compare them in, and normalisation.

Each takes all voices of a list of trials at once and returns a score for each trial.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from engine.decision.background import Background
from engine.decision.scoring import normalised
from engine.evaluation.metrics import Vector

Voices = NDArray[np.float64]
"""Unit vectors `[voices, dim]`."""

Place = NDArray[np.intp]
"""Number of a voice."""


@dataclass(frozen=True, slots=True, eq=False)
class Comparisons:
    """Trials as numbers of voices."""

    voices: Voices
    enrolled: Sequence[Place]
    """The voices enrolled in each trial, `[trials][voiceprints]`."""
    tested: Place
    """The voice tested in each trial, `[trials]`."""

    def mean_of(self, table: NDArray[np.float64]) -> Vector:
        """The mean over the enrolled voices of a table `[voices, voices]`, for each trial."""
        counts = np.array([len(each) for each in self.enrolled])
        flat = table[np.concatenate(self.enrolled), np.repeat(self.tested, counts)]
        starts = np.cumsum(counts) - counts
        means: Vector = np.add.reduceat(flat, starts) / counts
        return means


Space = Callable[[Voices], Voices]
"""Turns vectors `[n, dim]` into unit vectors of a space in which they are compared."""


def as_they_are(voices: Voices) -> Voices:
    """The model's own space."""
    return voices


def centred(background: Background) -> Space:
    """The mean of all voices taken away."""
    return lambda voices: _unit(voices - background.mean)


def whitened(background: Background, shrink: float) -> Space:
    """Directions in which one person varies count less (Hatch, Kajarekar & Stolcke, "Within-class
    covariance normalization for SVM-based speaker recognition", 2006).

    `shrink` in [0, 1] mixes the covariance with one that is the same in all directions.
    """
    within = background.within.astype(np.float64)
    even = np.eye(len(within)) * np.trace(within) / len(within)
    values, vectors = np.linalg.eigh((1 - shrink) * within + shrink * even)
    matrix = vectors / np.sqrt(values)
    return lambda voices: _unit((voices - background.mean) @ matrix)


def discriminant(background: Background, dims: int) -> Space:
    """Linear discriminant analysis: the directions in which people differ most for how much each
    varies."""
    within = background.within.astype(np.float64)
    ridge = 0.1 * np.eye(len(within)) * np.trace(within) / len(within)
    _, vectors = eigh(background.between.astype(np.float64), within + ridge)
    matrix = vectors[:, ::-1][:, :dims]
    return lambda voices: _unit((voices - background.mean) @ matrix)


Comparison = Callable[[Comparisons], Vector]
"""Scores all trials, `[trials]`."""


def cosine(space: Space = as_they_are) -> Comparison:
    """The mean cosine over the enrolled voices, in a space."""

    def compared(these: Comparisons) -> Vector:
        voices = space(these.voices)
        return these.mean_of(voices @ voices.T)

    return compared


def cosine_with_mean() -> Comparison:
    """The cosine with the mean of the enrolled voices."""

    def compared(these: Comparisons) -> Vector:
        lengths = [np.linalg.norm(these.voices[each].mean(axis=0)) for each in these.enrolled]
        return cosine()(these) / np.array(lengths)

    return compared


def normalised_against_cohort(
    background: Background, top: int, space: Space = as_they_are
) -> Comparison:
    """Adaptive symmetric normalisation, as `engine.decision.scoring` does it."""

    def compared(these: Comparisons) -> Vector:
        voices, cohort = space(these.voices), space(background.cohort.astype(np.float64))
        return these.mean_of(normalised(voices @ voices.T, voices @ cohort.T, top))

    return compared


def plda(background: Background) -> Comparison:
    """The likelihood ratio of a two-covariance model (Ioffe, "Probabilistic linear discriminant
    analysis", 2006), the enrolled voices counting as one by their mean."""
    within = background.within.astype(np.float64)
    ridge = 0.1 * np.eye(len(within)) * np.trace(within) / len(within)
    spread, vectors = eigh(background.between.astype(np.float64), within + ridge)
    spread = np.maximum(spread, 1e-9)

    def compared(these: Comparisons) -> Vector:
        voices = (these.voices - background.mean) @ vectors
        enrolled = np.stack([voices[each].mean(axis=0) for each in these.enrolled])
        noise = 1 / np.array([len(each) for each in these.enrolled])[:, None]
        return _two_covariances(enrolled, voices[these.tested], spread, noise)

    return compared


def _two_covariances(enrolled: Voices, tested: Voices, spread: Vector, noise: Voices) -> Vector:
    """Log-likelihood ratio per trial; within a person the variance is 1, if enrolled `noise`."""
    e, t, both = spread + noise, spread + 1, spread
    left = e * t - both**2
    joint = (t * enrolled**2 - 2 * both * enrolled * tested + e * tested**2) / left
    apart = enrolled**2 / e + tested**2 / t
    ratio: Vector = 0.5 * (np.log(e * t / left) + apart - joint).sum(axis=1)
    return ratio


def _unit(vectors: Voices) -> Voices:
    unit: Voices = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit
