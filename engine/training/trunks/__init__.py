"""The trunks: what turns features into a sequence that is then pooled. Chosen by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from torch import Tensor, nn

from engine.training.recipe import RecipeError
from engine.training.trunks.campplus import CamPlus
from engine.training.trunks.ecapa import Ecapa
from engine.training.trunks.redimnet import ReDimNet
from engine.training.trunks.resnet import ResNet

__all__ = ["TRUNKS", "Trunk", "trunk"]


class Trunk(Protocol):
    """Features float32 `[batch, mel_bins, frames]` to `[batch, channels, fewer frames]`."""

    channels: int

    def __call__(self, features: Tensor) -> Tensor:
        """Run the trunk."""
        ...


TRUNKS: dict[str, Callable[[int, int], nn.Module]] = {
    "ecapa": Ecapa,
    "resnet": ResNet,
    "campplus": CamPlus,
    "redimnet": ReDimNet,
}


def trunk(name: str, mel_bins: int, width: int) -> nn.Module:
    """Build a trunk with fresh weights; `RecipeError` where the name or the sizes are unfit."""
    if name not in TRUNKS:
        raise RecipeError(f"no trunk {name!r}; known: {', '.join(TRUNKS)}")
    try:
        return TRUNKS[name](mel_bins, width)
    except ValueError as error:
        raise RecipeError(f"the trunk {name} does not fit: {error}") from error
