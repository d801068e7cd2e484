"""Chance, repeatable: which rows of a batch something happens to, and how strongly."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

Effect = Callable[[Tensor], Tensor]
"""Changes some rows, float32 `[rows, n]`, and returns as many of the same length."""


class Draw:
    """Two generators: one on the host chooses rows, so that nothing waits for the device; one on
    the device draws everything else."""

    def __init__(self, device: torch.device, seed: int) -> None:
        self.device = device
        self.host = torch.Generator().manual_seed(seed)
        self.generator = torch.Generator(device).manual_seed(seed)

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        """Draw float32 `shape`, even in [low, high)."""
        drawn = torch.rand(shape, device=self.device, generator=self.generator)
        return drawn * (high - low) + low

    def normal(self, *shape: int) -> Tensor:
        """Draw float32 `shape` from the standard normal distribution."""
        return torch.randn(shape, device=self.device, generator=self.generator)

    def below(self, bound: int, *shape: int) -> Tensor:
        """Draw int64 `shape`, even in [0, bound)."""
        return torch.randint(bound, shape, device=self.device, generator=self.generator)

    def pick(self, count: int) -> int:
        """Draw one number in [0, count) on the host."""
        return int(torch.randint(count, (1,), generator=self.host))

    def to_some(self, samples: Tensor, chance: float, effect: Effect) -> Tensor:
        """Let `effect` happen to that share of the rows of `[batch, n]`, whichever they are."""
        return _changed(samples, self._some(len(samples), chance), effect)

    def one_of(self, samples: Tensor, chance: float, effects: tuple[Effect, ...]) -> Tensor:
        """Let one of the effects, each as often, happen to a share of the rows of `[batch, n]`."""
        shares = self._some(len(samples), chance).tensor_split(len(effects))
        turns = torch.randperm(len(effects), generator=self.host).tolist()
        for rows, turn in zip(shares, turns, strict=True):
            samples = _changed(samples, rows, effects[turn])
        return samples

    def _some(self, rows: int, chance: float) -> Tensor:
        """Numbers of a share of the rows, as nearly as whole rows allow: a GPU plans its work by
        the number of rows, and one that changed with every batch would be planned every time."""
        count = int(chance * rows + float(torch.rand(1, generator=self.host)))
        return torch.randperm(rows, generator=self.host)[:count].to(self.device)

    def state(self) -> dict[str, Tensor]:
        """What `restore` needs to go on from here."""
        return {"host": self.host.get_state(), "device": self.generator.get_state()}

    def restore(self, state: dict[str, Tensor]) -> None:
        """Go on from a state of the same kind of device."""
        self.host.set_state(state["host"].cpu())
        self.generator.set_state(state["device"].cpu())


def _changed(samples: Tensor, rows: Tensor, effect: Effect) -> Tensor:
    if not len(rows):
        return samples
    return samples.index_copy(0, rows, effect(samples[rows]).to(samples.dtype))


def rms(samples: Tensor) -> Tensor:
    """Root mean square of each row, `[rows, 1]`, never 0."""
    return samples.square().mean(dim=1, keepdim=True).sqrt() + 1e-6


def at_snr(samples: Tensor, noise: Tensor, snr_db: Tensor) -> Tensor:
    """Add noise `[rows, n]` at a ratio of powers `[rows, 1]` in dB."""
    gain = rms(samples) / rms(noise) * 10 ** (-snr_db / 20)
    return samples + noise * gain
