"""From the telephone's 8 kHz to the engine's 16 kHz, while the caller speaks or all at once.

The filter: 121 taps at 16 kHz, a sinc under a Kaiser window, cut off at 4 kHz. Flat within
0.001 dB to 3.6 kHz and 80 dB down from 4.37 kHz, so that what a telephone
carries (ITU-T G.712: 300 to 3400 Hz) passes and its mirror is gone. Being a half-band filter it
has two branches (polyphase): one passes the caller's own samples on unchanged, the other, 60
taps, makes those between them. Its delay is taken out.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.audio.low_pass import low_pass
from engine.audio.pcm import limited
from engine.errors import AudioError
from engine.types import ENGINE_RATE_HZ, TELEPHONE_RATE_HZ, Samples

TAPS: Final = 121
STOP_BAND_DB: Final = 80.0
_KAISER_BETA: Final = 0.1102 * (STOP_BAND_DB - 8.7)
"""Kaiser's formula; Oppenheim and Schafer, Discrete-Time Signal Processing, 7.5.3."""

FILTER: Final[NDArray[np.float64]] = 2.0 * low_pass(0.5, np.kaiser(TAPS, _KAISER_BETA))
"""The whole filter, float64 `[121]`; the gain of 2 makes up for the zeros put in between."""

_MIDDLE: Final = float(FILTER[TAPS // 2]) / 2.0
_BETWEEN: Final[Samples] = FILTER[1::2].astype(np.float32)
_AHEAD: Final = len(_BETWEEN) // 2
"""How many samples of 8 kHz after its own the filter looks at."""
_BEHIND: Final = len(_BETWEEN) - _AHEAD - 1

_RATIOS: Final = {44_100: (160, 441), 48_000: (1, 3)}


def upsample(samples: Samples) -> Samples:
    """Double the rate of a whole signal: float32 `[n]` at 8 kHz to float32 `[2 n]` at 16 kHz."""
    before, after = np.zeros(_BEHIND, np.float32), np.zeros(_AHEAD, np.float32)
    return _doubled(np.concatenate([before, _checked(samples), after]))


def downsample(samples: Samples) -> Samples:
    """Halve the rate of a whole signal: float32 `[n]` at 16 kHz to float32 `[n / 2]` at 8 kHz.

    With the same filter, so that what lies above 4 kHz does not come back mirrored: one branch
    takes the samples that stay, the other those between them.
    """
    if not len(_checked(samples)):
        return samples
    kept, between = samples[0::2].astype(np.float64), samples[1::2].astype(np.float64)
    around = np.zeros(len(kept) + len(_BETWEEN) - 1)
    around[_AHEAD : _AHEAD + len(between)] = between
    halved = _MIDDLE * kept + np.convolve(around, FILTER[1::2] / 2.0, "valid")
    return limited(halved.astype(np.float32))


def to_engine_rate(samples: Samples, rate_hz: int) -> Samples:
    """Bring a whole signal, float32 `[n]` at 8, 16, 44.1 or 48 kHz, to 16 kHz.

    From 8 kHz as `upsample`; from 44.1 and 48 kHz with scipy.signal.resample_poly and its own
    filter (Kaiser, beta 5). `AudioError` for any other rate.
    """
    if rate_hz == ENGINE_RATE_HZ:
        return _checked(samples)
    if rate_hz == TELEPHONE_RATE_HZ:
        return upsample(samples)
    if rate_hz not in _RATIOS:
        raise AudioError(f"audio of {rate_hz} Hz is not taken: 8000, 16000, 44100 or 48000 Hz is")
    if not len(_checked(samples)):
        return samples
    # Here, for it takes a second, and few files have such a rate.
    from scipy.signal import resample_poly

    up, down = _RATIOS[rate_hz]
    return limited(resample_poly(samples, up, down).astype(np.float32))


class Upsampler:
    """Doubles the rate of a signal that arrives in pieces; bit for bit what `upsample` gives."""

    def __init__(self) -> None:
        self._past = np.zeros(_BEHIND + _AHEAD, np.float32)
        self._skip = 2 * _AHEAD

    def push(self, samples: Samples) -> Samples:
        """Take the next float32 `[n]` at 8 kHz, of any length, and return what is ready.

        That is `2 n` samples of 16 kHz, only that the first 60 wait for what comes next.
        """
        heard = np.concatenate([self._past, _checked(samples)])
        fresh = _doubled(heard)
        self._past = heard[len(samples) :]
        skip = min(self._skip, len(fresh))
        self._skip -= skip
        return fresh[skip:]

    def rest(self) -> Samples:
        """Return what still waits, as if silence followed; the next `push` is not affected."""
        heard = np.concatenate([self._past, np.zeros(_AHEAD, np.float32)])
        return _doubled(heard)[self._skip :]


def _doubled(heard: Samples) -> Samples:
    """Filter `n` samples with their neighbours, float32 `[29 + n + 30]`, to float32 `[2 n]`."""
    count = len(heard) - _BEHIND - _AHEAD
    doubled = np.zeros(2 * count, np.float32)
    if count:
        doubled[0::2] = heard[_BEHIND : _BEHIND + count]
        doubled[1::2] = limited(np.convolve(heard, _BETWEEN, "valid"))
    return doubled


def _checked(samples: Samples) -> Samples:
    if samples.ndim != 1 or samples.dtype != np.float32:
        raise AudioError(f"samples are a float32 vector, not {samples.dtype} {samples.shape}")
    return samples
