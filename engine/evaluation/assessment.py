"""The figures of one list of trials, each with an interval, and of its parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.evaluation import bootstrap
from engine.evaluation.metrics import Ranked, Vector, cllr, curve, eer, fnmr_at, min_cllr, min_dcf
from engine.evaluation.trials import Trial

REPLICATES = 1000

_RATES = ("eer", "fnmr_at_fmr_1", "fnmr_at_fmr_01")
MEASURES = (*_RATES, "min_dcf", "cllr", "min_cllr")
"""EER, FNMR at FMR 1 % and at 0.1 %, minDCF at prior 0.01, Cllr (where calibrated), minCllr."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value and its 95 % interval. NaN where it cannot be had."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Assessment:
    """The figures of one set of trials."""

    part: str
    """`all`, or the trait and its value: `phone=cellphone`."""
    targets: int
    non_targets: int
    speakers: int
    figures: dict[str, Figure]
    """By the names of `MEASURES`."""


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """Trials with what a model makes of them."""

    trials: Sequence[Trial]
    scores: Vector
    """Raw scores `[trials]`."""
    llrs: Vector | None = None
    """Calibrated natural-log likelihood ratios `[trials]`; None without a calibration."""

    def where(self, kept: NDArray[np.bool_]) -> Scored:
        """The trials of a mask `[trials]`."""
        trials = [trial for trial, keep in zip(self.trials, kept, strict=True) if keep]
        return Scored(trials, self.scores[kept], None if self.llrs is None else self.llrs[kept])


def assess(scored: Scored, replicates: int = REPLICATES) -> list[Assessment]:
    """Measure all trials, then each value of each trait of which both kinds of trial exist.

    The interval is a percentile bootstrap over speakers (`engine.evaluation.bootstrap`); NaN with
    a single speaker. An error rate of exactly 0 or 1 has that of as many trials as there are
    speakers compared with themselves.
    """
    parts = [("all", np.ones(len(scored.trials), dtype=bool))]
    names = sorted({name for trial in scored.trials for name in trial.traits})
    for name in names:
        values = np.array([trial.traits.get(name, "") for trial in scored.trials])
        parts += [(f"{name}={value}", values == value) for value in np.unique(values) if value]
    return [
        _assess(part, scored.where(kept), replicates)
        for part, kept in parts
        if _both_kinds(scored.where(kept).trials)
    ]


def _both_kinds(trials: Sequence[Trial]) -> bool:
    return len({trial.target for trial in trials}) == 2


def _assess(part: str, scored: Scored, replicates: int) -> Assessment:
    target = np.array([trial.target for trial in scored.trials])
    names, sides = bootstrap.speakers(scored.trials)
    measure = _Measure(scored, target)
    values = measure(np.ones(len(target)))
    drawn = np.array(
        [
            measure(bootstrap.weights(draw, sides, target))
            for draw in bootstrap.draws(len(names), replicates)
        ]
    ).reshape(-1, len(MEASURES))
    lows, highs = bootstrap.interval(drawn)
    figures = {
        name: Figure(*each) for name, *each in zip(MEASURES, values, lows, highs, strict=True)
    }
    if len(names) > 1:
        themselves = len(np.unique(sides[target]))
        figures |= {name: of_rate(figures[name], themselves) for name in _RATES}
    return Assessment(part, int(target.sum()), int((~target).sum()), len(names), figures)


def of_rate(figure: Figure, people: int) -> Figure:
    """Give a rate of exactly 0 or 1 an interval: that of as many trials as there are people."""
    if figure.value not in (0.0, 1.0):
        return figure
    return Figure(figure.value, *bootstrap.of_all_or_none(figure.value, people))


class _Measure:
    """All figures of one set of trials under any weighting of them."""

    def __init__(self, scored: Scored, target: NDArray[np.bool_]) -> None:
        self._scores = Ranked.of(scored.scores, target)
        self._llrs = None if scored.llrs is None else Ranked.of(scored.llrs, target)

    def __call__(self, weights: Vector) -> list[float]:
        targets, others = self._scores.weights(weights)
        errors = curve(targets, others)
        rates = [eer(errors), fnmr_at(errors, 0.01), fnmr_at(errors, 0.001), min_dcf(errors)]
        return [*rates, self._cllr(weights), min_cllr(targets, others)]

    def _cllr(self, weights: Vector) -> float:
        if self._llrs is None:
            return float("nan")
        return cllr(self._llrs.scores, *self._llrs.weights(weights))
