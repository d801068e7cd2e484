"""Log-mel features: what the voice model hears, computed exactly as its card describes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.sparse import csr_array

from engine.errors import AudioError
from engine.types import ENGINE_RATE_HZ, Samples, Utterance
from engine.voice.features import Level, MelFeatures

LONGEST_S = 30
"""Speech beyond this is left out: a passphrase takes 3 s, and memory grows with length."""

_HTK_MEL = 1127.0
_HTK_CORNER_HZ = 700.0


class LogMel:
    """A log-mel front end with its window and mel matrix made ready once.

    Safe for use from several threads: nothing changes after construction.
    """

    def __init__(self, features: MelFeatures) -> None:
        self._features = features
        self._window = _window(features)
        # Sparse, for two triangles overlap at most; and BLAS would spread this over all cores.
        self._mel = csr_array(mel_matrix(features).astype(np.float32))

    def __call__(self, utterance: Utterance) -> NDArray[np.float32]:
        """Return features float32 `[mel_bins, frames]`, one frame per hop and one more.

        Only the first `LONGEST_S` seconds count. The result is finite for every finite input, a
        single sample and digital silence included. `AudioError` where the utterance is empty or
        holds NaN or infinity.
        """
        samples = heard(utterance)
        power = self._power(_level(samples, self._features.level))
        bands = np.log(self._mel @ power.T + np.float32(self._features.log_offset))
        centred: NDArray[np.float32] = bands - bands.mean(axis=1, keepdims=True)
        return np.ascontiguousarray(centred)

    def _power(self, samples: Samples) -> NDArray[np.float32]:
        """Power spectra float32 `[frames, fft_samples / 2 + 1]` of the centred frames."""
        size, hop = self._features.fft_samples, self._features.hop_samples
        padded = np.pad(samples, size // 2, mode=self._features.padding)
        frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::hop]
        spectra = fft.rfft(frames * self._window, axis=1)
        power: NDArray[np.float32] = spectra.real**2 + spectra.imag**2
        power += np.float32(self._features.power_offset)
        return power


def mel_matrix(features: MelFeatures) -> NDArray[np.float64]:
    """Triangular filters `[mel_bins, fft_samples / 2 + 1]`: peak 1, corners even in mel.

    Davis & Mermelstein 1980, with the mel scale of HTK (Young et al., The HTK Book, 5.4).
    """
    mels = np.linspace(mel(features.low_hz), mel(features.high_hz), features.mel_bins + 2)
    corners = _HTK_CORNER_HZ * np.expm1(mels / _HTK_MEL)
    bins = fft.rfftfreq(features.fft_samples, 1 / ENGINE_RATE_HZ)
    left, peak, right = (corners[k : k + features.mel_bins, np.newaxis] for k in range(3))
    rising, falling = (bins - left) / (peak - left), (right - bins) / (right - peak)
    triangles: NDArray[np.float64] = np.clip(np.minimum(rising, falling), 0.0, None)
    return triangles


def mel(hz: float | NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a frequency on the mel scale of HTK."""
    return np.asarray(_HTK_MEL * np.log1p(np.asarray(hz) / _HTK_CORNER_HZ))


def _window(features: MelFeatures) -> NDArray[np.float32]:
    """The analysis window in the middle of an FFT, float32 `[fft_samples]`."""
    before = (features.fft_samples - features.window_samples) // 2
    after = features.fft_samples - features.window_samples - before
    return np.pad(np.hamming(features.window_samples), (before, after)).astype(np.float32)


def heard(utterance: Utterance) -> Samples:
    """Return the samples that count; `AudioError` where there are none or some are no numbers."""
    samples = utterance.samples[: LONGEST_S * ENGINE_RATE_HZ]
    if not len(samples):
        raise AudioError("an empty utterance has no voice: ask the caller to speak again")
    if not np.isfinite(samples).all():
        raise AudioError("an utterance holds NaN or infinity: samples must lie in [-1, 1)")
    return samples


def _level(samples: Samples, level: Level) -> Samples:
    """Scale to the card's level; the RMS in float64, so that no finite input overflows."""
    rms = np.sqrt(np.mean(np.square(samples, dtype=np.float64)))
    return samples * np.float32(level.target_rms / (rms + level.floor))
