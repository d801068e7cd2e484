"""Intervals by drawing speakers: how far a figure would move with other people on the line.

Each replicate draws as many speakers as there are, with replacement; a trial counts as often as its
speakers were drawn, the product of both for a non-target (Bolle, Ratha & Pankanti, "Error analysis
of pattern recognition systems: the subsets bootstrap", 2004; Poh & Bengio, 2007).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.evaluation.metrics import Vector
from engine.evaluation.trials import Trial

COVERAGE = (2.5, 97.5)
"""Percentiles of the 95 % interval."""

_ONE_SIDE = COVERAGE[1] / 100

_SEED = 1998

Sides = NDArray[np.intp]
"""The numbers of each trial's two speakers, `[trials, 2]`."""


def speakers(trials: Sequence[Trial]) -> tuple[list[str], Sides]:
    """Return the speakers, sorted, and the number of each trial's two."""
    pairs = [(trial.enroll_speaker, trial.test_speaker) for trial in trials]
    names, numbers = np.unique(np.array(pairs), return_inverse=True)
    return list(names), numbers.reshape(-1, 2)


def draws(count: int, replicates: int) -> NDArray[np.int64]:
    """How often each speaker is drawn, `[replicates, count]`; none with a single speaker."""
    if count < 2:
        return np.empty((0, count), dtype=np.int64)
    random = np.random.default_rng(_SEED)
    return random.multinomial(count, np.full(count, 1 / count), size=replicates)


def weights(draw: NDArray[np.int64], sides: Sides, target: NDArray[np.bool_]) -> Vector:
    """How often each trial counts in a draw, `[trials]`."""
    enrolled, tested = draw[sides[:, 0]], draw[sides[:, 1]]
    return np.where(target, enrolled, enrolled * tested).astype(np.float64)


def of_all_or_none(share: float, people: int) -> tuple[float, float]:
    """Return the 95 % interval of a share that is exactly 0 or 1 (Clopper & Pearson 1934).

    No draw of speakers shows how far it may be off. What one person does is taken for one trial,
    however often it was tried: the next time may go as the last did.
    """
    least = 1.0 - (1.0 - _ONE_SIDE) ** (1.0 / people)
    return max(0.0, share - least), min(1.0, share + least)


def share(
    hit: Sequence[bool], people: Sequence[str] | Sequence[int], replicates: int
) -> tuple[float, float, float]:
    """Return how many of the trials hit, in [0, 1], and the 95 % interval of that.

    `people`: who spoke in each. NaN bounds with one person who neither always hits nor never.
    """
    names, place = np.unique(people, return_inverse=True)
    value = float(np.mean(hit))
    if value in (0.0, 1.0):
        return value, *of_all_or_none(value, len(names))
    totals, hits = np.bincount(place), np.bincount(place, np.asarray(hit, np.float64))
    drawn = draws(len(names), replicates)
    shares = (drawn @ hits) / np.maximum(drawn @ totals, 1)
    low, high = interval(shares[:, np.newaxis])[:, 0]
    return value, float(low), float(high)


def interval(drawn: Vector) -> Vector:
    """Percentiles `[2, figures]` of the replicates `[replicates, figures]` that have a value."""
    if not len(drawn):
        return np.full((2, drawn.shape[1]), np.nan)
    columns = [column[~np.isnan(column)] for column in drawn.T]
    nothing = (np.nan, np.nan)
    return np.array([np.percentile(c, COVERAGE) if len(c) else nothing for c in columns]).T
