"""The front end of engine.voice in torch, for batches: 8 kHz samples to 16 kHz to log-mel."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.audio.resample import FILTER
from engine.voice.features import Level, MelFeatures
from engine.voice.frontend import mel_matrix


def front_end(mel_bins: int) -> MelFeatures:
    """The features of the models that this package trains; engine.voice computes the same."""
    return MelFeatures(
        level=Level(target_rms=0.1, floor=1e-4),
        padding="reflect",
        window="hamming",
        window_samples=400,
        hop_samples=160,
        fft_samples=512,
        mel_bins=mel_bins,
        low_hz=80.0,
        high_hz=3800.0,
        mel_scale="htk",
        triangles="linear-in-hertz",
        power_offset=4e-6,
        log_offset=4e-6,
        normalisation="utterance-mean",
    )


class LogMel(nn.Module):
    """float32 `[batch, n]` at 8 kHz to features float32 `[batch, mel_bins, frames]`."""

    _between: Tensor
    _window: Tensor
    _mel: Tensor

    def __init__(self, features: MelFeatures) -> None:
        super().__init__()
        self._features = features
        between = FILTER[1::2].copy()
        window = torch.from_numpy(np.hamming(features.window_samples))
        for name, value in (
            ("_between", torch.from_numpy(between)),
            ("_window", window),
            ("_mel", torch.from_numpy(mel_matrix(features))),
        ):
            self.register_buffer(name, value.float(), persistent=False)

    def forward(self, samples: Tensor) -> Tensor:
        """Compute the features of a batch of equally long crops."""
        bands = torch.log(self._mel @ self._power(samples) + self._features.log_offset)
        return bands - bands.mean(dim=2, keepdim=True)

    def upsampled(self, samples: Tensor) -> Tensor:
        """Resample `[batch, n]` to `[batch, 2 n]`, as `engine.audio.resample.upsample`."""
        ahead = len(self._between) // 2
        padded = functional.pad(samples, (ahead - 1, ahead)).unsqueeze(1)
        between = functional.conv1d(padded, self._between.flip(0).view(1, 1, -1))[:, 0]
        return torch.stack([samples, between], dim=2).flatten(1)

    def _power(self, samples: Tensor) -> Tensor:
        wide = self.upsampled(samples)
        level = self._features.level
        rms = wide.square().mean(dim=1, keepdim=True).sqrt()
        spectrum = torch.stft(
            wide * (level.target_rms / (rms + level.floor)),
            self._features.fft_samples,
            self._features.hop_samples,
            self._features.window_samples,
            self._window,
            center=True,
            pad_mode=self._features.padding,
            return_complex=True,
        )
        return spectrum.real.square() + spectrum.imag.square() + self._features.power_offset


def masked(features: Tensor, chance: float, generator: torch.Generator) -> Tensor:
    """Hide a band of up to 1/8 of the mel bins and up to 1/10 of the time from some rows.

    Park et al., "SpecAugment", 2019; hidden places hold 0, the mean of every band.
    """
    batch, bins, frames = features.shape
    device = features.device

    def uniform() -> Tensor:
        return torch.rand(batch, 1, device=device, generator=generator)

    hit = uniform() < chance
    hidden_bins = _stretch(bins, bins / 8, uniform(), uniform()) & hit
    hidden_time = _stretch(frames, frames / 10, uniform(), uniform()) & hit
    return features.masked_fill(hidden_bins.unsqueeze(2) | hidden_time.unsqueeze(1), 0.0)


def _stretch(size: int, widest: float, width: Tensor, place: Tensor) -> Tensor:
    """A stretch of random width and place in each row, bool `[batch, size]`."""
    at = torch.arange(size, device=width.device)
    begin = place * (size - width * widest)
    return (at >= begin) & (at < begin + width * widest)
