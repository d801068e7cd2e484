"""The average of the weights over the recent past: what is measured and what ships."""

from __future__ import annotations

import copy

import torch
from torch import nn


class Average:
    """An exponential average of a network's weights and running statistics.

    Polyak & Juditsky 1992; Tarvainen & Valpola, "Mean teachers", 2017. Early on the time constant
    is a tenth of the steps so far, so that fresh weights are soon forgotten.
    """

    def __init__(self, network: nn.Module, over_steps: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self._over_steps = over_steps

    @torch.no_grad()
    def update(self, network: nn.Module, step: int) -> None:
        """Take in the network as it is after `step` steps."""
        share = 1 / max(1.0, min(self._over_steps, step / 10))
        mine, others = self.network.state_dict(), network.state_dict()
        floats = [name for name, value in mine.items() if value.is_floating_point()]
        torch._foreach_lerp_([mine[n] for n in floats], [others[n] for n in floats], share)
