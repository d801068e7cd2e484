"""Other voices out of the same recordings: the vocal tract made longer or shorter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from engine.training.recipe import Voice

_WINDOW = 256
_HOP = 64
_LIFTER = 20
"""Cepstral coefficients that make an envelope: 2.5 ms at 8 kHz, shorter than any pitch period."""
_MOST_DB = 18.0


def with_formants(samples: Tensor, ratio: float) -> Tensor:
    """Move the resonances of `[rows, n]` up by a ratio, leaving pitch and tempo.

    The cepstral envelope of each frame is divided out and put back stretched.
    """
    window = torch.hann_window(_WINDOW, device=samples.device)
    spectrum = torch.stft(samples, _WINDOW, _HOP, window=window, return_complex=True)
    envelope = _envelope(spectrum)
    places = torch.arange(envelope.shape[1], device=samples.device) / ratio
    below = places.floor().clamp_max(envelope.shape[1] - 2).long()
    share = (places - below).clamp_max(1.0).view(1, -1, 1)
    stretched = envelope[:, below] * (1 - share) + envelope[:, below + 1] * share
    most = _MOST_DB * np.log(10) / 20
    gain = (stretched - envelope).clamp(-most, most).exp()
    return torch.istft(spectrum * gain, _WINDOW, _HOP, window=window, length=samples.shape[1])


def _envelope(spectrum: Tensor) -> Tensor:
    """Natural log of the smooth envelope of each frame, `[rows, bins, frames]`."""
    cepstrum = torch.fft.irfft(torch.log(spectrum.abs() + 1e-5), dim=1)
    kept = torch.zeros(_WINDOW, 1, device=spectrum.device)
    kept[:_LIFTER] = 1.0
    kept[-_LIFTER + 1 :] = 1.0
    return torch.fft.rfft(cepstrum * kept, dim=1).real


def changed(
    samples: Tensor, which: np.ndarray[tuple[int], np.dtype[np.int64]], voices: Sequence[Voice]
) -> Tensor:
    """Give each row `[batch, n]` the formants of its voice, by number `[batch]`."""
    for number, voice in enumerate(voices):
        rows = np.flatnonzero(which == number)
        if len(rows) and voice.formants != 1.0:
            at = torch.from_numpy(rows).to(samples.device)
            samples = samples.index_copy(0, at, with_formants(samples[at], voice.formants))
    return samples
