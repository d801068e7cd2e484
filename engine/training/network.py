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
    """Features float32 `[batch, mel_bins, frames]` to unit vectors float32 `[batch, dim]`."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self.trunk = trunk(recipe.trunk, recipe.mel_bins, recipe.width)
        channels = cast("int", self.trunk.channels)
        self.pool = AttentiveStatistics(channels)
        self.norm = nn.BatchNorm1d(2 * channels)
        self.dropout = nn.Dropout(recipe.dropout)
        self.project = nn.Linear(2 * channels, recipe.dim, bias=False)
        self.last_norm = nn.BatchNorm1d(recipe.dim, affine=False)

    def forward(self, features: Tensor) -> Tensor:
        """Embed a batch."""
        return functional.normalize(self._head(self.trunk(features).float()))

    def _head(self, sequence: Tensor) -> Tensor:
        """Pool and project at full precision, even where the trunk runs at half."""
        with torch.autocast(sequence.device.type, enabled=False):
            pooled = self.norm(self.pool(sequence))
            embedding: Tensor = self.last_norm(self.project(self.dropout(pooled)))
        return embedding


def parameters(network: nn.Module) -> int:
    """How many weights a network has."""
    return sum(each.numel() for each in network.parameters())
