"""How good likelihood ratios are: error rates and costs over trials of known truth.

Throughout: `llrs` float64 `[n]`, `same` bool `[n]` (True where one person spoke both), `weights`
float64 `[n]`, above 0; each needs at least one trial of either kind.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Trials with what was said of them and what is true."""

    llrs: Floats
    same: Flags
    weights: Floats

    def balanced(self) -> Floats:
        """Weights that sum to 1 over the target trials, and to 1 over the others."""
        sums = np.where(self.same, self.weights[self.same].sum(), self.weights[~self.same].sum())
        weights: Floats = self.weights / sums
        return weights


def cllr(judged: Judged) -> float:
    """Cost of the likelihood ratios in bits (Brummer & du Preez 2006); 1 says nothing, 0 all."""
    wrong_way = np.where(judged.same, -judged.llrs, judged.llrs)
    return float(judged.balanced() @ np.logaddexp(0, wrong_way) / (2 * np.log(2)))


def min_cllr(judged: Judged) -> float:
    """Cllr after the best monotone recalibration: what the scores could have said at best."""
    order = np.lexsort((~judged.same, judged.llrs))
    weights, same = judged.balanced()[order], judged.same[order]
    posterior = isotonic_regression(same.astype(np.float64), weights=weights).x
    likelihood = np.where(same, posterior, 1 - posterior)
    return float(-weights @ np.log2(likelihood) / 2)


def rates(judged: Judged, threshold: float) -> tuple[float, float]:
    """FMR and FNMR (ISO/IEC 19795-1) where Llrs at the threshold and above are a match."""
    matched = judged.llrs >= threshold
    weights = judged.balanced()
    return (
        float(weights[matched & ~judged.same].sum()),
        float(weights[~matched & judged.same].sum()),
    )


def eer(judged: Judged) -> float:
    """Equal error rate: where FMR and FNMR meet, interpolated between neighbouring thresholds."""
    values, which = np.unique(judged.llrs, return_inverse=True)
    weights = judged.balanced()
    missed = np.bincount(which, np.where(judged.same, weights, 0), len(values))
    refused = np.bincount(which, np.where(judged.same, 0, weights), len(values))
    fnmr = np.concatenate([[0], np.cumsum(missed)])
    fmr = 1 - np.concatenate([[0], np.cumsum(refused)])
    return float(np.interp(0, fnmr - fmr, fnmr))


def threshold_at(judged: Judged, fmr: float) -> float:
    """The least threshold whose FMR is at most `fmr`, just above an impostor's Llr."""
    impostors = ~judged.same
    order = np.argsort(judged.llrs[impostors])[::-1]
    above = np.cumsum(judged.balanced()[impostors][order])
    allowed = int(np.searchsorted(above, fmr, side="right"))
    if allowed == len(order):
        return float(judged.llrs.min())
    return float(np.nextafter(judged.llrs[impostors][order][allowed], np.inf))
