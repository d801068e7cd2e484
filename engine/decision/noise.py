"""Noise of a line, added to recordings: a corpus of good lines says nothing of bad ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from engine.audio.pcm import FULL_SCALE
from engine.types import Pcm

SNR_DB = (25.0, 20.0, 15.0, 10.0)
"""Down to a little above what the policy's limits let pass."""
DULLNESS = (0.0, 0.9)
"""Poles of a low pass: white noise, and noise as of a car."""

_FRAME = 160
_LOUD = 1e-3
"""Share of the loudest frame's power from which a frame is speech."""


@dataclass(frozen=True, slots=True)
class Noise:
    """A line's noise."""

    snr_db: float
    dullness: float
    seed: int

    @classmethod
    def of_call(cls, number: int) -> Noise:
        """Return the noise of a call: each kind as often as another, the same every time."""
        kinds = [(snr_db, dullness) for dullness in DULLNESS for snr_db in SNR_DB]
        return cls(*kinds[number % len(kinds)], number)

    def added(self, line: Pcm) -> Pcm:
        """Add it to a line, int16 `[n]` at 8 kHz; to silence nothing is added."""
        samples = line.astype(np.float64)
        drawn = np.random.default_rng(self.seed).standard_normal(len(samples))
        noise = lfilter([np.sqrt(1 - self.dullness**2)], [1.0, -self.dullness], drawn)
        noisy = samples + noise * np.sqrt(_speech_power(samples) / 10 ** (self.snr_db / 10))
        added: Pcm = np.clip(np.rint(noisy), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
        return added


def _speech_power(samples: NDArray[np.float64]) -> float:
    """Return the mean power of what is loud."""
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME).var(axis=1)
    loud = frames[frames > frames.max(initial=0.0) * _LOUD]
    return float(loud.mean()) if len(loud) else 0.0
