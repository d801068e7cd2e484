"""A voice made of nothing but arithmetic, speech enough for the detector."""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from engine.types import TELEPHONE_RATE_HZ, Pcm, Samples

# F1, F2, F3 in Hz of men's vowels; Peterson and Barney, JASA 24 (1952), table II.
_VOWELS = (
    (730, 1090, 2440),
    (270, 2290, 3010),
    (640, 1190, 2390),
    (390, 1990, 2550),
    (530, 1840, 2480),
    (660, 1720, 2410),
)
_BANDWIDTHS_HZ = (80, 100, 140)
_SYLLABLE = int(0.22 * TELEPHONE_RATE_HZ)


def voice(seconds: float, level_dbfs: float = -20.0, pitch_hz: float = 120.0) -> Samples:
    """Sing vowels for so long: float32 `[n]` at 8 kHz, loud at once and to the end."""
    count = round(seconds * TELEPHONE_RATE_HZ)
    source = _glottis(count, pitch_hz)
    syllables = [
        _syllable(source[start : start + _SYLLABLE], _VOWELS[number % len(_VOWELS)])
        for number, start in enumerate(range(0, count, _SYLLABLE))
    ]
    sung = np.concatenate(syllables)
    return at_level(sung - sung.mean(dtype=np.float32), level_dbfs)


def at_level(samples: Samples, level_dbfs: float) -> Samples:
    """Scale a signal to an RMS level."""
    rms = np.sqrt(np.mean(samples.astype(np.float64) ** 2))
    return samples * np.float32(10.0 ** (level_dbfs / 20.0) / rms)


def noise(seconds: float, level_dbfs: float, seed: int = 1) -> Samples:
    """White noise: float32 `[n]` at 8 kHz."""
    count = round(seconds * TELEPHONE_RATE_HZ)
    hiss = np.random.default_rng(seed).standard_normal(count, np.float32)
    return hiss * np.float32(10.0 ** (level_dbfs / 20.0))


def silence(seconds: float) -> Samples:
    """Nothing at all: float32 `[n]` at 8 kHz."""
    return np.zeros(round(seconds * TELEPHONE_RATE_HZ), np.float32)


def as_pcm(*parts: Samples) -> Pcm:
    """Join signals and limit them to int16, as a telephone does."""
    joined = np.rint(np.concatenate(parts) * 32_768.0)
    return np.asarray(np.clip(joined, -32_768, 32_767), np.int16)


def with_noise(pcm: Pcm, level_dbfs: float) -> Pcm:
    """Add white noise to the whole."""
    hiss = noise(len(pcm) / TELEPHONE_RATE_HZ, level_dbfs)
    return as_pcm(pcm.astype(np.float32) / np.float32(32_768.0) + hiss[: len(pcm)])


def _glottis(count: int, pitch_hz: float) -> Samples:
    time_s = np.arange(count) / TELEPHONE_RATE_HZ
    pitch = pitch_hz * (1.0 + 0.15 * np.sin(2.0 * np.pi * 0.7 * time_s))
    pulses = np.diff(np.floor(np.cumsum(pitch / TELEPHONE_RATE_HZ)), prepend=0.0)
    breath = 0.02 * np.random.default_rng(7).standard_normal(count)
    return np.asarray(lfilter([1.0], [1.0, -0.96], pulses) + breath, np.float32)


def _syllable(source: Samples, formants: tuple[int, int, int]) -> Samples:
    shaped = source
    for formant_hz, width_hz in zip(formants, _BANDWIDTHS_HZ, strict=True):
        radius = np.exp(-np.pi * width_hz / TELEPHONE_RATE_HZ)
        angle = 2.0 * np.pi * formant_hz / TELEPHONE_RATE_HZ
        poles = [1.0, -2.0 * radius * np.cos(angle), radius * radius]
        shaped = np.asarray(lfilter([1.0 - radius], poles, shaped), np.float32)
    swell = np.sqrt(np.sin(np.pi * (np.arange(len(shaped)) + 1.0) / (_SYLLABLE + 1.0)))
    return np.asarray(shaped * swell, np.float32)
