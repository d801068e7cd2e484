"""Fitting a calibration: prior-weighted logistic regression, cross-validated by speaker."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from engine.decision.measures import Flags, Floats, Judged, threshold_at
from engine.voice.card import Weights

PRIOR = 0.5
"""Where the fit tries hardest to be right; 0.5 minimises Cllr."""

FOLDS = 5

RIDGE = 1e-4
"""Keeps the weights of what hardly varies near 0, such as the SNR of lines that are all alike, and
the score's finite where the trials can be told apart without an error."""

_ANY_FMR = 0.01
_SCORE, _QUALITY, _BIAS = range(3)
"""Kinds of terms."""


@dataclass(frozen=True, slots=True, eq=False)
class Trials:
    """Comparisons of known truth."""

    terms: Floats
    """`[n, 7]`, from `engine.decision.calibration.terms`; more where more is tried. The first is
    the score, the fifth 1."""
    speakers: NDArray[np.int64]
    """`[n, 2]`: who was enrolled and who was tested, numbered from 0."""

    @property
    def same(self) -> Flags:
        """Where both are one person, `[n]`."""
        same: Flags = self.speakers[:, 0] == self.speakers[:, 1]
        return same

    @property
    def pairs(self) -> int:
        """How many pairs of two speakers met."""
        return len(np.unique(self._pair[~self.same]))

    @property
    def _pair(self) -> NDArray[np.int64]:
        """The number of each trial's pair of speakers, `[n]`."""
        first, second = np.sort(self.speakers, axis=1).T
        pair: NDArray[np.int64] = first * (self.speakers.max() + 1) + second
        return pair

    def weights(self) -> Floats:
        """Weights `[n]` by which each pair of speakers counts alike, however often it met."""
        _, which, counts = np.unique(self._pair, return_inverse=True, return_counts=True)
        weights: Floats = 1.0 / counts[which]
        return weights

    def judged(self, llrs: Floats) -> Judged:
        """The trials with Llrs `[n]` given to them."""
        return Judged(llrs, self.same, self.weights())

    def where(self, chosen: Flags) -> Trials:
        """The trials where `chosen` `[n]` is True."""
        return Trials(self.terms[chosen], self.speakers[chosen])


def fit(trials: Trials, prior: float = PRIOR, towards: Floats | None = None) -> Weights:
    """Return the weights of a calibration; arguments and `ValueError` as `fitted`."""
    return Weights(*map(float, fitted(trials, prior, towards)))


def fitted(trials: Trials, prior: float = PRIOR, towards: Floats | None = None) -> Floats:
    """Return the weights of the terms that minimise the cross-entropy (Brummer & du Preez 2006).

    The weight of the score is fitted as its logarithm, so that it is positive whatever the trials
    say. Few speakers move the weights little away from `towards`, where it is given: as a normal
    prior around it would that each speaker's trials are one observation against.

    `ValueError` where the trials are all of one kind or the search fails.
    """
    same = trials.same
    if same.all() or not same.any():
        raise ValueError("a calibration needs trials of the same and of different speakers")
    centre, held = _pull(trials, towards)
    share = trials.judged(np.zeros(len(same))).balanced() * np.where(same, prior, 1 - prior)
    log_odds = np.log(prior / (1 - prior))

    # einsum, not BLAS, which would spread such small products over all cores and lose by it.
    def loss(free: Floats) -> tuple[float, Floats]:
        weights = _constrained(free)
        logits = np.einsum("ij,j->i", trials.terms, weights) + log_odds
        cost = np.sum(share * np.logaddexp(0, np.where(same, -logits, logits)))
        cost += held @ (free - centre) ** 2
        slope = np.einsum("ij,i->j", trials.terms, share * (expit(logits) - same))
        scaled = slope * np.concatenate([weights[:1], np.ones(len(free) - 1)])
        return float(cost), scaled + 2 * held * (free - centre)

    found = minimize(loss, centre, jac=True, method="L-BFGS-B")
    if not found.success:
        raise ValueError(f"the calibration could not be fitted: {found.message}")
    return _constrained(found.x)


@dataclass(frozen=True, slots=True, eq=False)
class HeldOut:
    """What fits that knew neither of a trial's speakers say of it."""

    llrs: Floats
    """`[n]`."""
    thresholds: Floats
    """The Llr `[n]` at which the same fit's own trials reach a false match rate."""


def held_out(
    trials: Trials, fmr: float, folds: int = FOLDS, towards: Floats | None = None
) -> HeldOut:
    """Cross-validate by speaker: Llrs, and thresholds for `fmr` chosen where the fit was made."""
    found = HeldOut(*np.full((2, len(trials.terms)), np.nan))
    for pair in combinations_with_replacement(range(folds), 2):
        hold_out(trials, fmr, pair, found, folds, towards)
    return found


def hold_out(
    trials: Trials,
    fmr: float,
    pair: tuple[int, int],
    found: HeldOut,
    folds: int = FOLDS,
    towards: Floats | None = None,
) -> None:
    """Fill in what a fit without two folds says of the trials between them.

    A speaker's fold is its number modulo `folds`.
    """
    fold = trials.speakers % folds
    seen = trials.where(np.all((fold != pair[0]) & (fold != pair[1]), axis=1))
    tried: Flags = np.all(np.sort(fold, axis=1) == pair, axis=1)
    weights = fitted(seen, towards=towards)
    found.llrs[tried] = np.einsum("ij,j->i", trials.terms[tried], weights)
    own = seen.judged(np.einsum("ij,j->i", seen.terms, weights))
    found.thresholds[tried] = threshold_at(own, fmr)


def cross_validated(trials: Trials, folds: int = FOLDS, towards: Floats | None = None) -> Floats:
    """Return Llrs `[n]`, each from a fit that knew neither of the trial's speakers."""
    return held_out(trials, _ANY_FMR, folds, towards).llrs


def _pull(trials: Trials, towards: Floats | None) -> tuple[Floats, Floats]:
    """Where the free weights are drawn to, and how strongly, `[terms]` each."""
    size = trials.terms.shape[1]
    kinds = np.array([_SCORE, *[_QUALITY] * 3, _BIAS, *[_QUALITY] * (size - 5)])
    if towards is None:
        return np.zeros(size), RIDGE * (kinds != _BIAS)
    deviation = np.where(kinds == _BIAS, 1.0, 0.5)
    speakers = len(np.unique(trials.speakers))
    return np.concatenate([np.log(towards[:1]), towards[1:]]), 0.5 / (deviation**2 * speakers)


def _constrained(free: Floats) -> Floats:
    """The weights: the score's is the exponential of its free parameter."""
    return np.concatenate([np.exp(free[:1]), free[1:]])
