"""Music on the line: notes hold their frequencies where a voice glides."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.audio.spectrum import FINE_WINDOW, Powers, bins_of

_SPAN: Final = 12
"""Fine spectra over which a frequency is held or not: 0.4 s."""
_LEAST_FRAMES: Final = 24
"""Less than 0.8 s says nothing."""
_BAND_HZ: Final = (100.0, 3600.0)
_AROUND: Final = 10
"""Bins to either side, 80 Hz, over which a peak must stand out ..."""
_OUT_DB: Final = 6.0
"""... by this."""
_RANGE_DB: Final = 35.0
"""Frames further below the loudest count as silent: nothing is held there."""
_PEAKS: Final = 5
_LOWER_QUARTILE: Final = 25.0
_QUIETEST: Final = 1e-9


def music(activations: NDArray[np.float32]) -> float:
    """Return how like music audio of this `activation` is, in [0, 1]; 0 below 0.8 s.

    The lower quartile over time, for music goes on and on.
    """
    if len(activations) < _LEAST_FRAMES - _SPAN:
        return 0.0
    return float(np.percentile(activations, _LOWER_QUARTILE))


def activation(fine: Powers) -> NDArray[np.float32]:
    """Return how long the five frequencies that last longest are there in 0.4 s, `[moments]`.

    Continuous frequency activation, in [0, 1], of audio with these `fine_powers` (Seyerlehner,
    Pohle, Schedl & Widmer, "Automatic music detection in television productions", DAFx 2007).
    """
    held = _held(fine)
    inner, before, after = held[:, 3:-3], held[:, 2:-4], held[:, 4:-2]
    low = np.minimum(held[:, :-6], held[:, 6:])
    heights = np.where((inner >= before) & (inner > after), inner - low, np.float32(0))
    longest: NDArray[np.float32] = np.partition(heights, -_PEAKS, axis=1)[:, -_PEAKS:].mean(axis=1)
    return longest


def _held(power: Powers) -> Powers:
    """The share of each span of frames in which a bin stands out, `[frames - span + 1, bins]`."""
    low, high = (bins_of(hertz, FINE_WINDOW) for hertz in _BAND_HZ)
    level_db = 10.0 * np.log10(power[:, low:high] + np.float32(_QUIETEST))
    loudest = level_db.max(axis=1, keepdims=True)
    audible = loudest > loudest.max() - _RANGE_DB
    peaks = (level_db - _mean_around(level_db) > _OUT_DB) & audible
    sums = np.cumsum(np.pad(peaks, ((1, 0), (0, 0))), axis=0, dtype=np.float32)
    shares: Powers = (sums[_SPAN:] - sums[:-_SPAN]) / np.float32(_SPAN)
    return shares


def _mean_around(level_db: Powers) -> Powers:
    """The mean over the bins around each, the edges repeated."""
    wide = np.pad(level_db, ((0, 0), (_AROUND + 1, _AROUND)), mode="edge")
    sums = np.cumsum(wide, axis=1, dtype=np.float32)
    width = 2 * _AROUND + 1
    means: Powers = (sums[:, width:] - sums[:, :-width]) / np.float32(width)
    return means
