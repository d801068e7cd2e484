"""What the acoustic model hears: cepstra and how they change, a frame every 10 ms.

The front end is that which the model was made with (Sphinx: 25 mel bands from 130 to 6800 Hz, 13
cepstra, liftered, mean taken out; Lee, 1988). Noise far below the speech is added: the model was
made from 16 kHz recordings, and a telephone may have nothing at all above 4 kHz or in pauses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct
from scipy.signal.windows import hamming

from engine.types import ENGINE_RATE_HZ, Pcm

FRAME_S: Final = 0.01
WIDTH: Final = 39
AHEAD: Final = 3
"""Frames to either side that a frame's changes look at."""

_HOP: Final = round(FRAME_S * ENGINE_RATE_HZ)
_WINDOW: Final = round(0.025625 * ENGINE_RATE_HZ)
_FFT: Final = 512
_BANDS: Final = 25
_BAND_HZ: Final = (130.0, 6800.0)
_CEPSTRA: Final = 13
_LIFTER: Final = 22
_EMPHASIS: Final = 0.97
_LOUDNESS: Final = 0.1 * 32_768
"""RMS to which the loud parts are brought."""
_BESIDE_DB: Final = 35.0
"""How far below them the noise lies."""
_NOISE_SAMPLES: Final = ENGINE_RATE_HZ
_QUIETEST: Final = 30.0
"""RMS below which nothing is made louder: -61 dBFS."""
_LOUD_DB: Final = 30.0
"""What is so far below the loudest is no speech."""
_BLOCK: Final = ENGINE_RATE_HZ // 50

Cepstra = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """What a line does to all that is said on it."""

    gain: float
    """What samples are multiplied by."""
    means: Cepstra
    """The mean cepstrum of the loud parts, `[13]`."""
    silent: bool
    """Whether nothing was loud enough to be speech."""

    @classmethod
    def of(cls, pcm: Pcm) -> Self:
        """Take it from speech, int16 `[n]` at 16 kHz."""
        loud = loud_parts(pcm)
        gain = _LOUDNESS / max(_QUIETEST, loudness(loud))
        found = cepstra(loud, gain, 0)
        means = found.mean(axis=0) if len(found) else np.zeros(_CEPSTRA)
        return cls(gain, means, loudness(loud) < _QUIETEST)


def cepstra(pcm: Pcm, gain: float, position: int) -> Cepstra:
    """Return the cepstra `[frames, 13]` of int16 `[n]`, whose first sample only leads in.

    A frame takes 410 samples and follows the one before by 160: `frames_in` says how many.
    `position` is the number of the first sample: the noise that is added belongs to it.
    """
    frames = frames_in(len(pcm))
    if not frames:
        return np.zeros((0, _CEPSTRA))
    level = pcm * gain + _NOISE[(position + np.arange(len(pcm))) % _NOISE_SAMPLES]
    sharp = level[1:] - _EMPHASIS * level[:-1]
    cut = np.lib.stride_tricks.sliding_window_view(sharp, _WINDOW)[: frames * _HOP : _HOP]
    power = np.abs(np.fft.rfft(cut * _HAMMING, _FFT)) ** 2
    found: Cepstra = dct(np.log(power @ _MEL), norm="ortho")[:, :_CEPSTRA] * _LIFTED
    return found


def frames_in(samples: int) -> int:
    """Say how many frames so many samples make."""
    return max(0, (samples - 1 - _WINDOW) // _HOP + 1)


def samples_of(frames: int) -> int:
    """Say how many samples later the frame is that comes so many frames later."""
    return frames * _HOP


def features(found: Cepstra) -> NDArray[np.float32]:
    """Return cepstra with their changes, float32 `[frames - 6, 39]`.

    The first and the last `AHEAD` frames are only looked at (Sphinx's feature `1s_c_d_dd`).
    """
    count = len(found) - 2 * AHEAD

    def at(offset: int) -> Cepstra:
        return found[AHEAD + offset : AHEAD + offset + count]

    changes = at(2) - at(-2)
    bends = (at(3) - at(-1)) - (at(1) - at(-3))
    return np.hstack([at(0), changes, bends]).astype(np.float32)


def loudness(pcm: Pcm) -> float:
    """Return the RMS of int16 `[n]`; 0 for none."""
    return float(np.sqrt(np.mean(np.square(pcm, dtype=np.float64)))) if len(pcm) else 0.0


def loud_parts(pcm: Pcm) -> Pcm:
    """Return the blocks of 20 ms within 30 dB of the loudest, in order."""
    blocks = pcm[: len(pcm) // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
    power = np.square(blocks.astype(np.float64)).mean(axis=1)
    loud = power > power.max(initial=0.0) * 10 ** (-_LOUD_DB / 10)
    kept: Pcm = blocks[loud].ravel()
    return kept


def _triangles() -> NDArray[np.float64]:
    """Mel filters `[257, 25]` of unit area, corners on bins of the spectrum, as Sphinx has them."""
    low, high = (2595 * np.log10(1 + hz / 700) for hz in _BAND_HZ)
    bin_hz = ENGINE_RATE_HZ / _FFT
    corners = 700 * (10 ** (np.linspace(low, high, _BANDS + 2) / 2595) - 1)
    corners = np.floor(corners / bin_hz + 0.5) * bin_hz
    hertz = np.fft.rfftfreq(_FFT, 1 / ENGINE_RATE_HZ)[:, None]
    left, middle, right = corners[:-2], corners[1:-1], corners[2:]
    rising, falling = (hertz - left) / (middle - left), (right - hertz) / (right - middle)
    filters: NDArray[np.float64] = np.maximum(0.0, np.minimum(rising, falling)) * 2 / (right - left)
    return filters


def _noise() -> NDArray[np.float64]:
    noise = np.random.default_rng(711).standard_normal(_NOISE_SAMPLES)
    return noise * _LOUDNESS * 10 ** (-_BESIDE_DB / 20)


_HAMMING: Final = hamming(_WINDOW)
_MEL: Final = _triangles()
_NOISE: Final = _noise()
_LIFTED: Final = 1 + _LIFTER / 2 * np.sin(np.pi * np.arange(_CEPSTRA) / _LIFTER)
