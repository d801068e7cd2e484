"""How a run changes as its budget is spent: rate, margin, length of crops."""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.training.recipe import Recipe

_MARGIN_FROM = 0.05
_MARGIN_FULL = 0.33
_LAST_RATE = 0.005
"""Of the peak."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What holds at one moment of a run."""

    rate: float
    margin: float
    crops_s: tuple[float, ...]
    final: bool


def setting(recipe: Recipe, spent: float) -> Setting:
    """Return the setting once a share of the budget, in [0, 1], is spent."""
    final = spent >= 1 - recipe.final_share
    return Setting(
        rate=recipe.rate * _rate(recipe.warmup_share, spent),
        margin=recipe.final_margin if final else recipe.margin * _margin(spent),
        crops_s=recipe.final_crops_s if final else recipe.crops_s,
        final=final,
    )


def _rate(warmup: float, spent: float) -> float:
    """Rise in a straight line, then fall as half a cosine."""
    if spent < warmup:
        return max(spent / warmup, 1e-3)
    fall = (min(spent, 1.0) - warmup) / (1 - warmup)
    return _LAST_RATE + (1 - _LAST_RATE) * (1 + math.cos(math.pi * fall)) / 2


def _margin(spent: float) -> float:
    return min(max((spent - _MARGIN_FROM) / (_MARGIN_FULL - _MARGIN_FROM), 0.0), 1.0)


def spent_share(recipe: Recipe, seconds: float, steps: int) -> float:
    """Share of the budget that is spent, by time or by steps, whichever is further."""
    return min(1.0, max(seconds / (60 * recipe.minutes), steps / recipe.steps))
