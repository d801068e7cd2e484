"""Kaldi's log-mel filter bank: what most public voice models hear."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.sparse import csr_array

from engine.types import ENGINE_RATE_HZ, Samples, Utterance
from engine.voice.features import KaldiFeatures
from engine.voice.frontend import heard, mel

_POVEY_POWER = 0.85


class KaldiBank:
    """A Kaldi filter bank with its window and mel matrix made ready once.

    Povey et al., "The Kaldi speech recognition toolkit", 2011; the numbers are those of
    compute-fbank-feats. Safe for use from several threads: nothing changes after construction.
    """

    def __init__(self, features: KaldiFeatures) -> None:
        self._features = features
        self._window = _window(features)
        # Sparse, for two triangles overlap at most; and BLAS would spread this over all cores.
        self._mel = csr_array(mel_matrix(features).astype(np.float32))

    def __call__(self, utterance: Utterance) -> NDArray[np.float32]:
        """Return features float32 `[mel_bins, frames]`, one frame per hop that fits a window.

        Only the first `frontend.LONGEST_S` seconds count; what is shorter than a window is filled
        up with silence. The result is finite for all samples in [-1, 1). `AudioError` where the
        utterance is empty or holds NaN or infinity.
        """
        power = self._power(heard(utterance))
        bands = np.log(np.maximum(self._mel @ power.T, np.float32(self._features.log_floor)))
        centred: NDArray[np.float32] = bands - bands.mean(axis=1, keepdims=True)
        return np.ascontiguousarray(centred)

    def _power(self, samples: Samples) -> NDArray[np.float32]:
        """Power spectra float32 `[frames, fft_samples / 2]`, without the last bin.

        The transform is computed in double precision: in a band that holds next to nothing, single
        precision is off by more than 1e-3 of the logarithm.
        """
        size, hop = self._features.window_samples, self._features.hop_samples
        filled = np.pad(samples, (0, max(0, size - len(samples))))
        frames = np.lib.stride_tricks.sliding_window_view(filled, size)[::hop]
        frames = frames * np.float32(self._features.full_scale)
        frames -= frames.mean(axis=1, keepdims=True)
        shaped = np.zeros((len(frames), self._features.fft_samples))
        np.multiply(self._emphasised(frames), self._window, out=shaped[:, :size])
        spectra = fft.rfft(shaped, axis=1, overwrite_x=True)[:, :-1]
        power: NDArray[np.float32] = (spectra.real**2 + spectra.imag**2).astype(np.float32)
        return power

    def _emphasised(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """Take from each sample the share of the one before it in the same frame."""
        share = np.float32(self._features.pre_emphasis)
        emphasised = np.empty_like(frames)
        emphasised[:, 0] = frames[:, 0] * (1 - share)
        np.subtract(frames[:, 1:], frames[:, :-1] * share, out=emphasised[:, 1:])
        return emphasised


def mel_matrix(features: KaldiFeatures) -> NDArray[np.float64]:
    """Triangular filters `[mel_bins, fft_samples / 2]`: peak 1, corners even and sides straight."""
    corners = np.linspace(mel(features.low_hz), mel(features.high_hz), features.mel_bins + 2)
    bins = mel(fft.rfftfreq(features.fft_samples, 1 / ENGINE_RATE_HZ)[:-1])
    left, peak, right = (corners[k : k + features.mel_bins, np.newaxis] for k in range(3))
    rising, falling = (bins - left) / (peak - left), (right - bins) / (right - peak)
    triangles: NDArray[np.float64] = np.clip(np.minimum(rising, falling), 0.0, None)
    return triangles


def _window(features: KaldiFeatures) -> NDArray[np.float32]:
    """The analysis window, float32 `[window_samples]`."""
    size = features.window_samples
    shape = np.hamming(size) if features.window == "hamming" else np.hanning(size) ** _POVEY_POWER
    return shape.astype(np.float32)
