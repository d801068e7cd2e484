"""The network that ships: trunk, pooling, and the projection to an embedding."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.training.recipe import Recipe
from engine.training.trunks import trunk
from engine.training.trunks.pooling import AttentiveStatistics


class SpeakerNet(nn.Module):
    """Features float32 `[batch, mel_bins, frames]` to unit vectors float32 `[batch, dim]`.

    With spans, int64 `[spans, 2]`, from which frame to before which, one utterance's features
    `[1, mel_bins, frames]` to the voice in each, `[spans, dim]`: in what the trunk makes of the
    whole utterance.
    """

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self.trunk = trunk(recipe.trunk, recipe.mel_bins, recipe.width)
        channels = cast("int", self.trunk.channels)
        self.pool = AttentiveStatistics(channels)
        self.norm = nn.BatchNorm1d(2 * channels)
        self.dropout = nn.Dropout(recipe.dropout)
        self.project = nn.Linear(2 * channels, recipe.dim, bias=False)
        self.last_norm = nn.BatchNorm1d(recipe.dim, affine=False)

    def forward(self, features: Tensor, spans: Tensor | None = None) -> Tensor:
        """Embed a batch, or the spans of one utterance."""
        sequence = self.trunk(features).float()
        mask = None if spans is None else _mask(spans, features.shape[2], sequence.shape[2])
        return functional.normalize(self._head(sequence, mask))

    def _head(self, sequence: Tensor, mask: Tensor | None = None) -> Tensor:
        """Pool and project at full precision, even where the trunk runs at half."""
        with torch.autocast(sequence.device.type, enabled=False):
            pooled = self.norm(self.pool(sequence, mask))
            embedding: Tensor = self.last_norm(self.project(self.dropout(pooled)))
        return embedding


def _mask(spans: Tensor, frames: int, steps: int) -> Tensor:
    """Say which steps of a sequence lie in spans of frames: 0 or 1, float32 `[spans, 1, steps]`."""
    middle = (torch.arange(steps, dtype=torch.float32) + 0.5) * (frames / steps)
    return ((middle >= spans[:, :1]) & (middle < spans[:, 1:])).float().unsqueeze(1)


def parameters(network: nn.Module) -> int:
    """How many weights a network has."""
    return sum(each.numel() for each in network.parameters())
