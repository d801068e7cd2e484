"""ECAPA-TDNN: one-dimensional convolutions with channel attention.

Desplanques, Thienpondt & Demuynck, "ECAPA-TDNN: emphasized channel attention, propagation and
aggregation in TDNN based speaker verification", Interspeech 2020. The norm comes before the
rectifier here, so that it can be merged into the convolution where the network runs.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

_SCALE = 8


def _convolved(inputs: int, outputs: int, kernel: int, dilation: int = 1) -> nn.Sequential:
    padding = dilation * (kernel // 2)
    return nn.Sequential(
        nn.Conv1d(inputs, outputs, kernel, padding=padding, dilation=dilation, bias=False),
        nn.BatchNorm1d(outputs),
        nn.ReLU(),
    )


class _ManyScales(nn.Module):
    """Res2Net: parts of the channels, each heard together with the part before it."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        part = channels // _SCALE
        steps = [_convolved(part, part, 3, dilation) for _ in range(_SCALE - 1)]
        self.steps = nn.ModuleList(steps)

    def forward(self, x: Tensor) -> Tensor:
        first, *parts = x.chunk(_SCALE, dim=1)
        heard = [first]
        for number, (part, step) in enumerate(zip(parts, self.steps, strict=True)):
            heard.append(step(part if number == 0 else part + heard[-1]))
        return torch.cat(heard, dim=1)


class _Excitation(nn.Module):
    """Squeeze and excitation: how much each channel counts, judged over the whole utterance."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        narrow = max(channels // 4, 16)
        self.gate = nn.Sequential(
            nn.Conv1d(channels, narrow, 1), nn.ReLU(), nn.Conv1d(narrow, channels, 1), nn.Sigmoid()
        )

    def forward(self, x: Tensor) -> Tensor:
        return x * self.gate(x.mean(dim=2, keepdim=True))


class Ecapa(nn.Module):
    """Features `[batch, mel_bins, frames]` to `[batch, 3 width, frames]`."""

    def __init__(self, mel_bins: int, width: int) -> None:
        super().__init__()
        self.channels = 3 * width
        self.stem = _convolved(mel_bins, width, 5)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                _convolved(width, width, 1),
                _ManyScales(width, dilation),
                _convolved(width, width, 1),
                _Excitation(width),
            )
            for dilation in (2, 3, 4)
        )
        self.together = nn.Sequential(nn.Conv1d(3 * width, self.channels, 1), nn.ReLU())

    def forward(self, features: Tensor) -> Tensor:
        """Run the trunk."""
        x = self.stem(features)
        outputs = []
        for block in self.blocks:
            x = x + block(x)
            outputs.append(x)
        together: Tensor = self.together(torch.cat(outputs, dim=1))
        return together
