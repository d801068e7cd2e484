"""Power spectra of telephone audio, for whatever listens for something else than speech."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from engine.audio.pcm import to_float
from engine.types import TELEPHONE_RATE_HZ, Pcm

Powers = NDArray[np.float32]
"""float32 `[frames, bins]`: power in each bin from 0 to 4000 Hz."""

BLOCK_S = 30
"""Audio is looked at in blocks of at most this, so that memory does not grow with its length."""

FINE_WINDOW = 1024
"""128 ms: bins of 7.8 Hz, which tell two tones of a ringing signal apart."""
FINE_HOP = 256
"""32 ms."""


def blocks(pcm: Pcm) -> Iterator[Pcm]:
    """Cut int16 `[n]` at 8 kHz into the fewest blocks of equal length up to `BLOCK_S`.

    At least one, which may be empty.
    """
    count = max(1, -(-len(pcm) // (BLOCK_S * TELEPHONE_RATE_HZ)))
    return iter(np.array_split(pcm, count))


def fine_powers(pcm: Pcm) -> Powers:
    """Return the spectra in which tones and notes are looked for; as `powers`."""
    return powers(pcm, FINE_WINDOW, FINE_HOP)


def powers(pcm: Pcm, window: int, hop: int) -> Powers:
    """Return the power spectra of int16 `[n]` at 8 kHz, Hann windows of `window` samples.

    At least one frame: what is shorter than a window is followed by silence. No DC. Bins are
    4000 / (window / 2) Hz wide. Memory grows with length: hand in a block.
    """
    samples = to_float(pcm)
    padded = np.pad(samples, (0, max(0, window - len(samples))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop]
    spectra = fft.rfft(frames * np.hanning(window).astype(np.float32), axis=1)
    found: Powers = spectra.real**2 + spectra.imag**2
    found[:, :2] = 0.0
    return found


def bins_of(hertz: float, window: int) -> int:
    """Return the bin that holds a frequency."""
    return round(hertz * window / TELEPHONE_RATE_HZ)
