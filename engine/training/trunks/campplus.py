"""Densely connected time-delay layers, masked by their context, behind a small picture.

Wang et al., "CAM++: a fast and efficient network for speaker verification using context-aware
masking", Interspeech 2023, made narrower.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_PICTURE = 32
_LAYERS = (6, 12, 8)
_DILATIONS = (1, 2, 2)
_SEGMENT = 50
"""Frames, at half the frame rate, over which local context is averaged."""


class _Front(nn.Module):
    """Residual two-dimensional convolutions that divide the frequencies by eight."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = _picture(1, _PICTURE, (2, 1))
        self.blocks = nn.ModuleList(_picture(_PICTURE, _PICTURE, (2, 1)) for _ in range(2))
        self.more = nn.ModuleList(_picture(_PICTURE, _PICTURE, (1, 1)) for _ in range(2))

    def forward(self, features: Tensor) -> Tensor:
        x = self.stem(features.unsqueeze(1))
        for narrower, same in zip(self.blocks, self.more, strict=True):
            x = narrower(x)
            x = x + same(x)
        return x.flatten(1, 2)


def _picture(inputs: int, outputs: int, stride: tuple[int, int]) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )


class _Masked(nn.Module):
    """A bottleneck, a dilated convolution, and a mask out of global and local means."""

    def __init__(self, inputs: int, growth: int, dilation: int) -> None:
        super().__init__()
        narrow = 4 * growth
        self.before = nn.Sequential(
            nn.BatchNorm1d(inputs), nn.ReLU(), nn.Conv1d(inputs, narrow, 1, bias=False),
            nn.BatchNorm1d(narrow), nn.ReLU(),
        )  # fmt: skip
        self.local = nn.Conv1d(narrow, growth, 3, padding=dilation, dilation=dilation, bias=False)
        self.mask = nn.Sequential(
            nn.Conv1d(narrow, narrow // 2, 1),
            nn.ReLU(),
            nn.Conv1d(narrow // 2, growth, 1),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.before(x)
        near = functional.avg_pool1d(x, 2 * _SEGMENT + 1, 1, _SEGMENT, count_include_pad=False)
        masked: Tensor = self.local(x) * self.mask(x.mean(dim=2, keepdim=True) + near)
        return masked


class CamPlus(nn.Module):
    """Features `[batch, mel_bins, frames]` to `[batch, channels, frames / 2]`.

    The width is how many channels each layer adds.
    """

    def __init__(self, mel_bins: int, width: int) -> None:
        super().__init__()
        if mel_bins % 8:
            raise ValueError("mel_bins must be a multiple of 8")
        channels = 4 * width
        self.front = _Front()
        self.stem = nn.Sequential(
            nn.Conv1d(_PICTURE * mel_bins // 8, channels, 5, 2, 2, bias=False),
            nn.BatchNorm1d(channels), nn.ReLU(),
        )  # fmt: skip
        self.blocks = nn.ModuleList()
        self.transitions = nn.ModuleList()
        for layers, dilation in zip(_LAYERS, _DILATIONS, strict=True):
            grown = [channels + k * width for k in range(layers)]
            self.blocks.append(nn.ModuleList(_Masked(each, width, dilation) for each in grown))
            channels += layers * width
            self.transitions.append(_halved(channels))
            channels //= 2
        self.last = nn.Sequential(nn.BatchNorm1d(channels), nn.ReLU())
        self.channels = channels

    def forward(self, features: Tensor) -> Tensor:
        """Run the trunk."""
        x = self.stem(self.front(features))
        for block, transition in zip(self.blocks, self.transitions, strict=True):
            for layer in block:  # type: ignore[union-attr, attr-defined]  # a ModuleList of ModuleLists
                x = torch.cat([x, layer(x)], dim=1)
            x = transition(x)
        last: Tensor = self.last(x)
        return last


def _halved(channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.BatchNorm1d(channels), nn.ReLU(), nn.Conv1d(channels, channels // 2, 1, bias=False)
    )
