"""What the network for phones hears: log mel spectra, a frame every 10 ms.

What a line does to all that is said on it is taken out: the mean of the loud parts. What lies
30 dB below them in its band is lost, so that silence is silence on every line.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft

from engine.audio.pcm import FULL_SCALE
from engine.types import ENGINE_RATE_HZ, Pcm

FRAME_S: Final = 0.01
BANDS: Final = 24
FLOOR: Final = 1e-3
LOUD: Final = 1e-3
"""Share of the loudest frame's power from which a frame is loud."""
QUIETEST: Final = 1e-10
"""Power that is added to each band: that of a sine at -94 dBFS."""

_HOP: Final = round(FRAME_S * ENGINE_RATE_HZ)
_WINDOW: Final = round(0.025 * ENGINE_RATE_HZ)
_FFT: Final = 512
_BAND_HZ: Final = (100.0, 3700.0)
_SILENT: Final = 1e-6
"""Power of a loud frame below which nobody speaks: -60 dBFS."""

Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """What a line does to all that is said on it."""

    means: Floats
    """Mean log power of the loud parts in each band, `[24]`."""
    silent: bool
    """Whether nothing was loud enough to be speech."""

    @classmethod
    def of(cls, powers: Floats) -> Self:
        """Take it from powers `[frames, 24]`."""
        whole = powers.sum(axis=1)
        loudest = float(whole.max(initial=0.0))
        if loudest < _SILENT:
            return cls(np.zeros(BANDS, np.float32), True)
        return cls(np.log(powers[whole > loudest * LOUD] + QUIETEST).mean(axis=0), False)

    def taken_out(self, powers: Floats) -> Floats:
        """Return spectra of powers, float32 `[frames, 24]` each."""
        spectra: Floats = np.log(np.exp(np.log(powers + QUIETEST) - self.means) + FLOOR)
        return spectra


def powers(pcm: Pcm) -> Floats:
    """Return the power in each band, float32 `[frames, 24]`, of int16 `[n]` at 16 kHz.

    A frame takes 400 samples and follows the one before by 160.
    """
    frames = frames_in(len(pcm))
    if not frames:
        return np.zeros((0, BANDS), np.float32)
    level = pcm.astype(np.float32) / np.float32(FULL_SCALE)
    cut = np.lib.stride_tricks.sliding_window_view(level, _WINDOW)[: frames * _HOP : _HOP]
    spectrum = rfft(cut * _HAMMING, _FFT)[:, : len(_MEL)]
    power: Floats = (spectrum.real**2 + spectrum.imag**2) @ _MEL
    return power


def frames_in(samples: int) -> int:
    """Say how many frames so many samples make."""
    return max(0, (samples - _WINDOW) // _HOP + 1)


def samples_of(frames: int) -> int:
    """Say how many samples later the frame is that comes so many frames later."""
    return frames * _HOP


def samples_until(frames: int) -> int:
    """Say how many samples so many frames take."""
    return _WINDOW + (frames - 1) * _HOP


def mel_bands(fft: int, rate_hz: int) -> NDArray[np.float64]:
    """Return triangles `[fft / 2 + 1, 24]`, their corners evenly spaced in mel (HTK's formula)."""
    low, high = (2595 * np.log10(1 + hz / 700) for hz in _BAND_HZ)
    corners = 700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2595) - 1)
    hertz = np.fft.rfftfreq(fft, 1 / rate_hz)[:, None]
    left, middle, right = corners[:-2], corners[1:-1], corners[2:]
    rising, falling = (hertz - left) / (middle - left), (right - hertz) / (right - middle)
    bands: NDArray[np.float64] = np.maximum(0.0, np.minimum(rising, falling))
    return bands


def window(samples: int) -> NDArray[np.float64]:
    """Return a Hamming window that passes a sine of full scale at power 1/4."""
    weights = np.hamming(samples)
    passing: NDArray[np.float64] = weights / weights.sum()
    return passing


_HAMMING: Final = window(_WINDOW).astype(np.float32)
_MEL: Final = mel_bands(_FFT, ENGINE_RATE_HZ)[: _FFT // 4 + 1].astype(np.float32)
"""Of the lower half of the spectrum: a telephone has no other."""
