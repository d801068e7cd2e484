"""From a sequence to one vector: where to listen, then mean and spread."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_HIDDEN = 128
_LEAST_VARIANCE = 1e-4
_NOWHERE = -1e4
"""Attention to frames outside a mask: none, in single precision."""


class AttentiveStatistics(nn.Module):
    """Mean and standard deviation over time, weighted per channel by attention.

    Okabe et al., "Attentive statistics pooling", 2018, with the global context of Desplanques et
    al., "ECAPA-TDNN", 2020. `[batch, channels, frames]` to `[batch, 2 channels]`.

    A `mask`, `[spans, 1, frames]` of 0 and 1, pools spans of one sequence, `[1, channels, frames]`,
    as if there were nothing else: to `[spans, 2 channels]`.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.heard = nn.Conv1d(channels, _HIDDEN, 1, bias=False)
        self.context = nn.Linear(2 * channels, _HIDDEN)
        self.attention = nn.Sequential(
            nn.BatchNorm1d(_HIDDEN), nn.Tanh(), nn.Conv1d(_HIDDEN, channels, 1)
        )

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Pool over the frames, or over those of a mask."""
        within = torch.ones_like(x[:, :1]) if mask is None else mask
        even = within / within.sum(dim=2, keepdim=True).clamp(min=1.0)
        mean = (even * x).sum(dim=2, keepdim=True)
        spread = ((even * (x - mean).square()).sum(dim=2, keepdim=True) + _LEAST_VARIANCE).sqrt()
        context = self.context(torch.cat([mean, spread], dim=1)[:, :, 0]).unsqueeze(2)
        listened = self.attention(self.heard(x) + context) + _NOWHERE * (1.0 - within)
        weight = torch.softmax(listened, dim=2)
        mean = (weight * x).sum(dim=2)
        variance = (weight * (x - mean.unsqueeze(2)).square()).sum(dim=2)
        return torch.cat([mean, (variance + _LEAST_VARIANCE).sqrt()], dim=1)
