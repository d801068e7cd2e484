"""Error rates of a list of scores, each trial counted with a weight so that it can be bootstrapped.

FMR and FNMR as in ISO/IEC 19795-1. A comparison matches where its score is at or above the
threshold.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

Vector = NDArray[np.float64]

DCF_PRIOR = 0.01
"""Prior of a target in minDCF, both costs 1 (NIST SRE 2010 onward uses 0.01 or less)."""

_LN2 = float(np.log(2.0))


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """Scores sorted once, equal ones pooled; any weighting of the trials is then cheap to count."""

    order: NDArray[np.intp]
    """Places of the trials in rising order of score `[trials]`."""
    target: NDArray[np.bool_]
    """Whether each trial is a target `[trials]`, in the order in which they were given."""
    pool: NDArray[np.intp]
    """For each trial in rising order, the number of its pool `[trials]`."""
    scores: Vector
    """The score of each pool `[pools]`, rising."""

    @classmethod
    def of(cls, scores: Vector, target: NDArray[np.bool_]) -> Ranked:
        """Rank scores `[trials]`."""
        order = np.argsort(scores, kind="stable")
        distinct, pool = np.unique(scores[order], return_inverse=True)
        return cls(order, target, pool, distinct)

    def weights(self, weights: Vector) -> tuple[Vector, Vector]:
        """Return the weight of targets and of non-targets in each pool, `[pools]` each."""
        sorted_weights, target = weights[self.order], self.target[self.order]
        size = len(self.scores)
        targets = np.bincount(self.pool, sorted_weights * target, size)
        others = np.bincount(self.pool, sorted_weights * ~target, size)
        return targets.astype(np.float64), others.astype(np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """Both error rates at every threshold that makes a difference, `[pools + 1]`, from accepting
    everyone (FMR 1, FNMR 0) to accepting nobody (FMR 0, FNMR 1)."""

    fmr: Vector
    fnmr: Vector


def curve(targets: Vector, non_targets: Vector) -> Curve:
    """Trace the error rates over pools of rising score; NaN where one kind has no weight."""
    with np.errstate(invalid="ignore", divide="ignore"):
        fnmr = np.concatenate(([0.0], np.cumsum(targets))) / targets.sum()
        missed = np.concatenate(([0.0], np.cumsum(non_targets)))
        return Curve(1.0 - missed / non_targets.sum(), fnmr)


def eer(errors: Curve) -> float:
    """Equal error rate in [0, 1], linear between the two thresholds where the rates cross."""
    gap = errors.fnmr - errors.fmr
    if np.isnan(gap).any():
        return float("nan")
    after = int(np.argmax(gap >= 0))
    step = gap[after] - gap[after - 1]
    share = -gap[after - 1] / step
    before = errors.fnmr[after - 1]
    return float(before + share * (errors.fnmr[after] - before))


def fnmr_at(errors: Curve, fmr: float) -> float:
    """Lowest FNMR of the thresholds whose FMR is at most `fmr`, in [0, 1]."""
    if np.isnan(errors.fmr).any():
        return float("nan")
    return float(errors.fnmr[errors.fmr <= fmr + 1e-12].min())


def min_dcf(errors: Curve, prior: float = DCF_PRIOR) -> float:
    """Lowest detection cost, normalised by the better of the two answers that need no voice.

    NIST, "The NIST Year 2010 Speaker Recognition Evaluation Plan".
    """
    cost = prior * errors.fnmr + (1 - prior) * errors.fmr
    return float(cost.min() / min(prior, 1 - prior))


def cllr(llrs: Vector, targets: Vector, non_targets: Vector) -> float:
    """Cost of log-likelihood ratios in bits; 0 is perfect, 1 says nothing.

    Brummer & du Preez, "Application-independent evaluation of speaker detection", 2006. `llrs`
    `[pools]` are natural logarithms, the other two the weights of each pool.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        missed = _cost(-llrs, targets) / targets.sum()
        accepted = _cost(llrs, non_targets) / non_targets.sum()
    return float((missed + accepted) / 2)


def min_cllr(targets: Vector, non_targets: Vector) -> float:
    """Cllr after the best rising map of scores to LLRs, found by pooling adjacent violators.

    The pools must be in rising order of score.
    """
    weight = targets + non_targets
    seen = weight > 0
    targets, non_targets, weight = targets[seen], non_targets[seen], weight[seen]
    if targets.sum() == 0 or non_targets.sum() == 0:
        return float("nan")
    posterior = isotonic_regression(targets / weight, weights=weight).x
    return cllr(_llrs(posterior, targets.sum() / non_targets.sum()), targets, non_targets)


def _llrs(posterior: Vector, odds: float) -> Vector:
    with np.errstate(divide="ignore"):
        llrs: Vector = np.log(posterior) - np.log1p(-posterior) - np.log(odds)
    return llrs


def _cost(exponent: Vector, weight: Vector) -> float:
    """Sum of `weight * log2(1 + exp(exponent))`; a pool without weight costs nothing."""
    counted = weight > 0
    return float(np.dot(weight[counted], np.logaddexp(0.0, exponent[counted])) / _LN2)
