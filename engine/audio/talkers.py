"""More than one talker in an utterance, as far as the pitch of the voices tells them apart.

It hears a man and a woman, or an adult and a child, speak in turn; two voices of one pitch it
cannot tell, nor two that speak at once. `countersign evaluate --disturbances` says how often.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from engine.audio.pcm import to_float
from engine.audio.spectrum import blocks
from engine.types import TELEPHONE_RATE_HZ, Pcm

_WINDOW: Final = 512
"""64 ms: three periods of the deepest voice."""
_LONGEST: Final = 128
"""Samples of the longest period, 16 ms, and a few more."""
_HOP: Final = 160
"""20 ms."""
_PITCH_HZ: Final = (65.0, 420.0)
_VOICED: Final = 0.6
"""Least share of a frame's power that repeats with the pitch."""
_AS_GOOD: Final = 0.9
"""The shortest period that repeats nearly as well as the best one is the pitch's, not its double
(the octave cost of Boersma, "Accurate short-term analysis of the fundamental frequency", 1993)."""
_RANGE_DB: Final = 30.0
_LEAST_FRAMES: Final = 25
"""Voiced frames, 0.5 s, on either side of a change of talkers."""
_MOST_CUTS: Final = 300
"""As many as 30 s of voice have, five frames apart; of more voice they lie further apart."""
_FAR_SEMITONES: Final = 12.0
_QUIETEST: Final = 1e-12


def talkers(pcm: Pcm) -> float:
    """Return how like more than one talker int16 `[n]` at 8 kHz is, in [0, 1].

    The utterance is cut in two where the medians of the pitch before and after lie furthest apart;
    an octave is 1, less where the pitch on either side is itself spread. 0 where fewer than 1 s
    are voiced. `AudioError` for anything but an int16 vector.
    """
    pitch = np.concatenate([_pitch(block) for block in blocks(pcm)])
    step = max(5, len(pitch) // _MOST_CUTS)
    cuts = range(_LEAST_FRAMES, len(pitch) - _LEAST_FRAMES + 1, step)
    apart = max((_apart(pitch[:cut], pitch[cut:]) for cut in cuts), default=0.0)
    return min(1.0, apart / _FAR_SEMITONES)


def _apart(before: NDArray[np.float64], after: NDArray[np.float64]) -> float:
    """How far the upper part of the lower side lies below the lower part of the higher side."""
    sides = [np.percentile(side, (50.0, 10.0, 90.0)).tolist() for side in (before, after)]
    (_, _, upper_of_low), (_, lower_of_high, _) = sorted(sides)
    return float(lower_of_high - upper_of_low)


def _pitch(pcm: Pcm) -> NDArray[np.float64]:
    """The pitch of the voiced frames in semitones over 1 Hz, `[frames]`, from autocorrelation."""
    samples = np.pad(to_float(pcm), (0, max(0, _WINDOW - len(pcm))))
    frames = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[::_HOP]
    frames = frames - frames.mean(axis=1, keepdims=True)
    size = _WINDOW + _LONGEST  # so that no period of interest wraps around
    spectra = fft.rfft(frames * np.hanning(_WINDOW).astype(np.float32), size, axis=1)
    likeness = fft.irfft(spectra.real**2 + spectra.imag**2, size, axis=1)
    shortest, longest = (round(TELEPHONE_RATE_HZ / hertz) for hertz in reversed(_PITCH_HZ))
    power = likeness[:, 0] + _QUIETEST
    window = _window_likeness()[shortest:longest]
    repeats = likeness[:, shortest:longest] / power[:, None] / window
    best = np.argmax(repeats >= _AS_GOOD * repeats.max(axis=1, keepdims=True), axis=1)
    voiced = repeats.max(axis=1) >= _VOICED
    voiced &= power > power.max() * 10.0 ** (-_RANGE_DB / 10.0)
    hertz = TELEPHONE_RATE_HZ / (best[voiced] + shortest)
    semitones: NDArray[np.float64] = 12.0 * np.log2(hertz)
    return semitones


@cache
def _window_likeness() -> NDArray[np.float64]:
    """The window's own autocorrelation, by which a frame's is divided (Boersma)."""
    window = np.hanning(_WINDOW)
    full = np.correlate(window, window, "full")[_WINDOW - 1 :]
    likeness: NDArray[np.float64] = full / full[0]
    return likeness
