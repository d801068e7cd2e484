"""How loud speech is where there is speech, and where it begins and ends."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.types import TELEPHONE_RATE_HZ, Samples

_FRAME = TELEPHONE_RATE_HZ // 50
_RANGE_DB = 30.0
"""A 20 ms frame is speech that is at most this far below the loudest one."""


def active_dbfs(samples: Samples) -> float:
    """Return the RMS of the speech in float32 `[n]` at 8 kHz, in dB of full scale; -100 if none."""
    power = _frame_power(samples)
    active = power[_is_active(power)]
    return float(10 * np.log10(active.mean())) if active.size else -100.0


def at_level(samples: Samples, dbfs: float) -> Samples:
    """Return the samples with their speech at a level; not limited, so peaks may pass 1."""
    gain = 10 ** ((dbfs - active_dbfs(samples)) / 20)
    return (samples * gain).astype(np.float32)


def trimmed(samples: Samples) -> Samples:
    """Return the samples without the silence before and after the speech."""
    active = np.flatnonzero(_is_active(_frame_power(samples)))
    return samples[active[0] * _FRAME : (active[-1] + 1) * _FRAME] if active.size else samples[:0]


def faded(samples: Samples, seconds: float) -> Samples:
    """Return the samples with a raised-cosine ramp of that length at both ends."""
    count = min(round(seconds * TELEPHONE_RATE_HZ), len(samples) // 2)
    ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(count) + 0.5) / max(count, 1))
    shape = np.ones(len(samples))
    shape[:count], shape[len(samples) - count :] = ramp, ramp[::-1]
    return (samples * shape).astype(np.float32)


def silence(seconds: float) -> Samples:
    """Return that much digital silence, float32 `[n]` at 8 kHz."""
    return np.zeros(round(seconds * TELEPHONE_RATE_HZ), np.float32)


def _frame_power(samples: Samples) -> NDArray[np.float64]:
    padded = np.pad(samples.astype(np.float64), (0, -len(samples) % _FRAME))
    return np.asarray((padded.reshape(-1, _FRAME) ** 2).mean(axis=1))


def _is_active(power: NDArray[np.float64]) -> NDArray[np.bool_]:
    floor = power.max(initial=0.0) * 10 ** (-_RANGE_DB / 10)
    return np.asarray((power >= floor) & (power > 0))
