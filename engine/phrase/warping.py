"""Dynamic time warping, a whole anti-diagonal at a time."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_SKIPPED: Final = 0.75
"""What a frame costs that is left out at an end, in medians of all distances."""

Distances = NDArray[np.float64]


def warped(distance: Distances, slack: int) -> float:
    """Return the mean distance `[n, m]` along the best path, each step weighed by its length.

    A step on in both recordings counts twice (Sakoe & Chiba, 1978, symmetric form, P = 0), so that
    every path has the weight n + m. At both ends up to `slack` frames of either may be left out.
    """
    n, m = distance.shape
    skipped = _SKIPPED * float(np.median(distance))
    total = _table(distance, _edge(n, slack, skipped), _edge(m, slack, skipped))
    last_row, last_column = total[n, ::-1], total[::-1, m]
    ends = [last_row[: slack + 1], last_column[: slack + 1]]
    least = min(float((end + skipped * np.arange(len(end))).min()) for end in ends)
    return float(least / (n + m))


def _edge(length: int, slack: int, skipped: float) -> NDArray[np.float64]:
    """Cost of beginning after so many frames, `[length + 1]`."""
    late = np.arange(length + 1, dtype=np.float64)
    return np.where(late <= slack, skipped * late, np.inf)


def _table(distance: Distances, rows: Distances, columns: Distances) -> Distances:
    """Fill the table of least costs `[n + 1, m + 1]`, whose edges are given."""
    n, m = distance.shape
    total = np.full((n + 1, m + 1), np.inf)
    total[:, 0], total[0, :] = rows, columns
    flat, step = total.ravel(), m + 1
    costs = distance.ravel()
    for diagonal in range(2, n + m + 1):
        i = np.arange(max(1, diagonal - m), min(n, diagonal - 1) + 1)
        here = i * step + diagonal - i
        each = costs[(i - 1) * m + diagonal - i - 1]
        straight = np.minimum(flat[here - step], flat[here - 1]) + each
        flat[here] = np.minimum(straight, flat[here - step - 1] + 2.0 * each)
    return total
