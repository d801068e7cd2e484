"""Low-pass filters of linear phase, by numpy alone: to import scipy.signal takes a second."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def low_pass(cutoff: float, window: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a sinc under a window, float64 `[taps]`, with a gain of 1 for what is constant.

    `cutoff` is a share of half the rate. As scipy.signal.firwin; Oppenheim and Schafer,
    Discrete-Time Signal Processing, 7.5.
    """
    middle = 0.5 * (len(window) - 1)
    taps = cutoff * np.sinc(cutoff * (np.arange(len(window)) - middle)) * window
    scaled: NDArray[np.float64] = taps / taps.sum()
    return scaled
