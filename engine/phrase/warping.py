"""Dynamic time warping of one recording with several: an anti-diagonal of all tables at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

_SKIPPED: Final = 0.75
"""What a frame costs that is left out at an end, in medians of all distances."""

Distances = NDArray[np.float64]


def warped(distances: Sequence[Distances], slack: int) -> list[float]:
    """Return the mean distance along the best path of each `[n, m]`, of which n is the same.

    Each step is weighed by its length: one on in both recordings counts twice (Sakoe & Chiba, 1978,
    symmetric form, P = 0), so that every path has the weight n + m. At both ends up to `slack`
    frames of either may be left out.
    """
    n, lengths = len(distances[0]), [each.shape[1] for each in distances]
    skipped = np.array([_SKIPPED * float(np.median(each)) for each in distances])
    costs = _Costs(distances)
    least = np.full(len(distances), np.inf)
    before, earlier = np.full((2, len(distances), n + 1), np.inf)
    for diagonal in range(n + costs.most + 1):
        here = costs.added(diagonal, before, earlier)
        if diagonal <= slack:
            here[:, 0] = skipped * diagonal
            here[:, diagonal : diagonal + 1] = skipped[:, None] * diagonal
        for k, m in enumerate(lengths):
            if 0 <= n + m - diagonal <= slack:
                end = min(_at(here[k], diagonal - m), here[k, n] if diagonal >= n else np.inf)
                least[k] = min(least[k], end + skipped[k] * (n + m - diagonal))
        before, earlier = here, before
    return [float(each) / (n + m) for each, m in zip(least, lengths, strict=True)]


class _Costs:
    """The distances of all tables, the narrower ones filled up with what no path goes through."""

    def __init__(self, distances: Sequence[Distances]) -> None:
        self._n = len(distances[0])
        self.most = max(each.shape[1] for each in distances)
        every = np.full((len(distances), self._n, self.most), np.inf)
        for table, each in zip(every, distances, strict=True):
            table[:, : each.shape[1]] = each
        self._flat = every.reshape(len(distances), -1)

    def added(self, diagonal: int, before: Distances, earlier: Distances) -> Distances:
        """Return the least costs of a diagonal by row, `[tables, n + 1]`, from the two before it.

        Rows and columns count from 1; those at 0, where a path begins, are left infinite.
        """
        here = np.full_like(before, np.inf)
        first, last = max(1, diagonal - self.most), min(self._n, diagonal - 1)
        if first > last:
            return here
        start = (first - 1) * self.most + diagonal - first - 1
        step = max(1, self.most - 1)
        each = self._flat[:, start : start + step * (last - first) + 1 : step]
        straight = np.minimum(before[:, first - 1 : last], before[:, first : last + 1]) + each
        slanted = earlier[:, first - 1 : last] + 2.0 * each
        np.minimum(straight, slanted, out=here[:, first : last + 1])
        return here


def _at(row: Distances, place: int) -> float:
    """Return what stands at a place, infinity before the first."""
    return float(row[place]) if 0 <= place < len(row) else np.inf
