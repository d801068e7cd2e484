"""Figures of a calibration in which each pair of speakers counts alike, redrawn by speaker."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.decision.fit import HeldOut, Trials
from engine.decision.measures import Floats
from engine.evaluation import bootstrap
from engine.evaluation.assessment import Figure, of_rate
from engine.evaluation.metrics import Ranked, min_cllr


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Figures with their replicates: each `[1 + replicates]`, what was measured first."""

    cllr: Floats
    min_cllr: Floats
    fmr: Floats
    fnmr: Floats
    themselves: int
    """Speakers who were compared with themselves."""
    others: int
    """Speakers who were compared with others."""

    @property
    def fmr_figure(self) -> Figure:
        """The FMR, with an interval also where there is no false match, or nothing else."""
        return of_rate(self.figure(self.fmr), self.others)

    @property
    def fnmr_figure(self) -> Figure:
        """The FNMR, likewise."""
        return of_rate(self.figure(self.fnmr), self.themselves)

    @staticmethod
    def figure(values: Floats) -> Figure:
        """A value and the 95 % interval of its replicates."""
        lows, highs = bootstrap.interval(values[1:, None])
        return Figure(float(values[0]), float(lows[0]), float(highs[0]))


def measured(trials: Trials, held: HeldOut, replicates: int) -> Measured:
    """Measure the Llrs of a cross-validation, and the rates at its thresholds."""
    numbers, sides = np.unique(trials.speakers, return_inverse=True)
    sides = sides.reshape(-1, 2)
    alone = np.ones((1, len(numbers)), dtype=np.int64)
    draws = np.concatenate([alone, bootstrap.draws(len(numbers), replicates)])
    same, weights = trials.same, trials.weights()
    wrong_way = np.where(same, -held.llrs, held.llrs)
    cost = np.logaddexp(0, wrong_way) / np.log(2)
    matched = (held.llrs >= held.thresholds).astype(np.float64)
    costs = _means(cost, weights, sides, draws)
    rates = _means(matched, weights, sides, draws)
    ranked = Ranked.of(held.llrs, same)
    least = [
        min_cllr(*ranked.weights(weights * bootstrap.weights(draw, sides, same))) for draw in draws
    ]
    return Measured(
        costs.mean(axis=0),
        np.array(least),
        fmr=rates[1],
        fnmr=1 - rates[0],
        themselves=len(np.unique(sides[same])),
        others=len(np.unique(sides[~same])),
    )


def _means(
    values: Floats,
    weights: Floats,
    sides: bootstrap.Sides,
    draws: NDArray[np.int64],
) -> Floats:
    """Mean over the trials of one speaker and over those of two, `[2, draws]`.

    Summed over pairs of speakers first: they are fewer than the trials.
    """
    size = draws.shape[1]
    pair = sides[:, 0] * size + sides[:, 1]
    total = np.bincount(pair, weights * values, size * size).reshape(size, size)
    weight = np.bincount(pair, weights, size * size).reshape(size, size)
    one = (draws @ np.diag(total)) / (draws @ np.diag(weight))
    for table in (total, weight):
        np.fill_diagonal(table, 0.0)
    two = np.einsum("ri,ij,rj->r", draws, total, draws, optimize=True) / np.einsum(
        "ri,ij,rj->r", draws, weight, draws, optimize=True
    )
    return np.stack([one, two])
