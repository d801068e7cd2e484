"""The network that tells phones, in torch: as `engine.phrase.phones` runs it in numpy."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.phrase.phones import REACHES, STATES
from engine.phrase.spectra import BANDS

WIDTH = 256
NARROW = 96


_DROPPED = 0.15
_ENTRY = 5


class _Layer(nn.Module):
    """A time delay layer with a narrow passage, and a way around it (TDNN-F without the constraint:
    Povey et al., "Semi-orthogonal low-rank matrix factorization", 2018)."""

    def __init__(self, reach: int) -> None:
        super().__init__()
        self.narrow = nn.Conv1d(WIDTH, NARROW, 1, bias=False)
        self.wide = nn.Conv1d(NARROW, WIDTH, 3, dilation=reach, padding=reach, bias=False)
        self.norm = nn.BatchNorm1d(WIDTH)

    def forward(self, hidden: Tensor) -> Tensor:
        through: Tensor = functional.relu(self.norm(self.wide(self.narrow(hidden))))
        return hidden + functional.dropout(through, _DROPPED, self.training)


class PhoneNet(nn.Module):
    """From spectra float32 `[batch, 24, 2 n]` to logits of the phones' states `[batch, 80, n]`."""

    def __init__(self) -> None:
        super().__init__()
        self.entry = nn.Conv1d(BANDS, WIDTH, _ENTRY, stride=2, padding=_ENTRY // 2, bias=False)
        self.norm = nn.BatchNorm1d(WIDTH)
        self.layers = nn.Sequential(*(_Layer(reach) for reach in REACHES))
        self.exit = nn.Conv1d(WIDTH, STATES, 1)

    def forward(self, spectra: Tensor) -> Tensor:
        """Return the logits of each state, twice as slow as the spectra came."""
        hidden = functional.relu(self.norm(self.entry(spectra)))
        logits: Tensor = self.exit(self.layers(hidden))
        return logits


@torch.no_grad()
def midway(one: PhoneNet, other: PhoneNet) -> PhoneNet:
    """Return a network whose weights are the means of two, one of which began as the other."""
    found, added = PhoneNet(), other.state_dict()
    means = {
        name: (own + added[name]) / 2 if own.is_floating_point() else own
        for name, own in one.state_dict().items()
    }
    found.load_state_dict(means)
    return found.eval()


@torch.no_grad()
def folded(network: PhoneNet) -> dict[str, Tensor]:
    """Return the weights with each norm folded into the convolution before it."""
    found: dict[str, Tensor] = {}
    entry, offset = _folded(network.entry, network.norm)
    found |= {"entry": entry, "entry_offset": offset}
    narrows, wides, offsets = [], [], []
    for layer in network.layers:
        assert isinstance(layer, _Layer)
        wide, offset = _folded(layer.wide, layer.norm)
        narrows.append(layer.narrow.weight[:, :, 0])
        wides.append(wide)
        offsets.append(offset)
    found |= {"narrow": torch.stack(narrows), "wide": torch.stack(wides)}
    found |= {"wide_offset": torch.stack(offsets), "exit": network.exit.weight[:, :, 0]}
    assert network.exit.bias is not None
    return found | {"exit_offset": network.exit.bias}


def _folded(convolution: nn.Conv1d, norm: nn.BatchNorm1d) -> tuple[Tensor, Tensor]:
    """Return weights `[out, in, taps]` and offsets `[out]` that do what both do, one by one."""
    assert norm.running_var is not None
    assert norm.running_mean is not None
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return convolution.weight * scale[:, None, None], norm.bias - norm.running_mean * scale
