"""What speech coders leave of speech: not the coders, but their kind of damage, for batches."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from engine.training.channel.draw import Draw, rms

_MU = 255.0
_A = 87.6
_RECENT = 16
"""Samples over which the level is followed: 2 ms."""
_FULL_SCALE_RMS = (0.02, 0.15)


def at_line_level(samples: Tensor, draw: Draw) -> Tensor:
    """Scale each row to a level of a telephone line: -34 to -16 dBFS, never beyond full scale."""
    rows = len(samples)
    level = draw.uniform(math.log(_FULL_SCALE_RMS[0]), math.log(_FULL_SCALE_RMS[1]), rows, 1).exp()
    return (samples / rms(samples) * level).clamp(-1.0, 1.0)


def mu_law(samples: Tensor) -> Tensor:
    """Code by the mu-law to 8 bits and back (ITU-T G.711); samples in [-1, 1]."""
    coded = samples.sign() * torch.log1p(_MU * samples.abs()) / math.log1p(_MU)
    coded = (coded * 127.5).round() / 127.5
    return coded.sign() * torch.expm1(coded.abs() * math.log1p(_MU)) / _MU


def a_law(samples: Tensor) -> Tensor:
    """Code by the A-law to 8 bits and back (ITU-T G.711); samples in [-1, 1]."""
    size, whole = samples.abs(), 1 + math.log(_A)
    coded = torch.where(size < 1 / _A, _A * size, 1 + torch.log((_A * size).clamp_min(1.0))) / whole
    coded = (coded * 127).round() / 127
    linear = coded * whole
    return samples.sign() * torch.where(linear < 1, linear, torch.exp(linear - 1)) / _A


def adaptive_pcm(samples: Tensor, draw: Draw) -> Tensor:
    """A quantiser of 8 to 48 steps whose step follows the recent level, as in ITU-T G.726."""
    before = functional.pad(samples.abs(), (_RECENT, 0))
    recent = functional.avg_pool1d(before.unsqueeze(1), _RECENT, 1)[:, 0, : samples.shape[1]]
    reach = 2.5 * recent + 1e-3
    steps = draw.uniform(math.log(4.0), math.log(24.0), len(samples), 1).exp()
    return ((samples / reach).clamp(-1.0, 1.0) * steps).round() / steps * reach


def modulated_noise(samples: Tensor, draw: Draw) -> Tensor:
    """Noise in proportion to each sample, 8 to 25 dB down: the modulated noise reference unit,
    by which telephone engineers stand in for coders (ITU-T P.810)."""
    depth = 10 ** (-draw.uniform(8.0, 25.0, len(samples), 1) / 20)
    return samples * (1 + depth * draw.normal(*samples.shape))
