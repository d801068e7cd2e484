"""A network that turns its picture into a sequence and back, at a constant number of values.

After Yakovlev et al., "Reshape dimensions network for speaker recognition", Interspeech 2024: the
frequencies shrink while the channels grow, so that every stage can be read as `[volume, frames]`;
each stage hears a weighted sum of all before it. Blocks are simpler than theirs.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_BLOCKS = (2, 3, 3, 2)
_NARROWER = 8


class _Picture(nn.Module):
    """Two two-dimensional convolutions beside a shortcut; wide stages in groups."""

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, groups=groups, bias=False),
            nn.BatchNorm2d(channels), nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1, groups=groups, bias=False),
            nn.BatchNorm2d(channels),
        )  # fmt: skip
        self.mix = nn.Conv2d(channels, channels, 1) if groups > 1 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(x + self.mix(self.layers(x)))


class _Sequence(nn.Module):
    """A narrow time-delay layer over all values of a frame, beside a shortcut."""

    def __init__(self, volume: int) -> None:
        super().__init__()
        narrow = volume // _NARROWER
        self.layers = nn.Sequential(
            nn.Conv1d(volume, narrow, 1, bias=False), nn.BatchNorm1d(narrow), nn.ReLU(),
            nn.Conv1d(narrow, narrow, 9, padding=4, groups=narrow, bias=False),
            nn.BatchNorm1d(narrow), nn.ReLU(),
            nn.Conv1d(narrow, volume, 1, bias=False), nn.BatchNorm1d(volume),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(x + self.layers(x))


class _Stage(nn.Module):
    def __init__(self, channels: int, bins: int, halve: bool, blocks: int, earlier: int) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.zeros(earlier, channels * bins, 1))
        self.shape = (channels, bins)
        grown = channels * 2 if halve else channels
        self.enter: nn.Module = nn.Identity()
        if halve:
            self.enter = nn.Conv2d(channels, grown, (3, 3), (2, 1), (1, 1), bias=False)
        groups = max(1, grown // 32)
        self.pictures = nn.Sequential(*(_Picture(grown, groups) for _ in range(blocks)))
        self.sequence = _Sequence(channels * bins)

    def forward(self, earlier: list[Tensor]) -> Tensor:
        share = torch.softmax(self.weights, dim=0)
        x = share[0] * earlier[0]
        for weight, each in zip(share[1:], earlier[1:], strict=True):
            x = x + weight * each
        x = self.pictures(self.enter(x.unflatten(1, self.shape)))
        sequence: Tensor = self.sequence(x.flatten(1, 2))
        return sequence


class ReDimNet(nn.Module):
    """Features `[batch, mel_bins, frames]` to `[batch, mel_bins width, frames / 2]`."""

    def __init__(self, mel_bins: int, width: int) -> None:
        super().__init__()
        if mel_bins % 8:
            raise ValueError("mel_bins must be a multiple of 8")
        self.channels = mel_bins * width
        self.stem = nn.Sequential(
            nn.Conv2d(1, width, 3, (1, 2), 1, bias=False), nn.BatchNorm2d(width)
        )
        self.stages = nn.ModuleList()
        channels, bins = width, mel_bins
        for number, blocks in enumerate(_BLOCKS):
            self.stages.append(_Stage(channels, bins, number > 0, blocks, number + 1))
            if number > 0:
                channels, bins = channels * 2, bins // 2

    def forward(self, features: Tensor) -> Tensor:
        """Run the trunk."""
        outputs = [self.stem(features.unsqueeze(1)).flatten(1, 2)]
        for stage in self.stages:
            outputs.append(stage(outputs))
        return outputs[-1]
