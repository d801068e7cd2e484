"""A residual network over the spectrogram as a picture.

He et al., "Deep residual learning", 2016, as used for speakers by Chung et al., "In defence of
metric learning for speaker recognition", 2020; the first layer halves frequencies and frames, for
speed, and the last stage leaves the frames alone, so that a short word is still a sequence.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

Stride = tuple[int, int]
"""Of frequencies and frames."""

_BLOCKS = (1, 2, 4, 2)
_KEEP: Stride = (1, 1)
_ENTERED_BY: tuple[Stride, ...] = (_KEEP, (2, 2), (2, 2), (2, 1))
_SHRINK = 8


class _Residual(nn.Module):
    """Two convolutions and a gate per channel, beside a shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: Stride) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(outputs)
        narrow = max(outputs // _SHRINK, 4)
        self.gate = nn.Sequential(
            nn.Conv2d(outputs, narrow, 1), nn.ReLU(), nn.Conv2d(narrow, outputs, 1), nn.Sigmoid()
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride != _KEEP or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu(self.first_norm(self.first(x)))
        y = self.second_norm(self.second(y))
        y = y * self.gate(y.mean(dim=(2, 3), keepdim=True))
        return functional.relu(y + self.shortcut(x))


class ResNet(nn.Module):
    """Features `[batch, mel_bins, frames]` to `[batch, mel_bins width / 2, frames / 8]`."""

    def __init__(self, mel_bins: int, width: int) -> None:
        super().__init__()
        if mel_bins % 16:
            raise ValueError("mel_bins must be a multiple of 16")
        self.channels = mel_bins // 16 * width * 8
        self.stem = nn.Sequential(
            nn.Conv2d(1, width, 3, (2, 2), 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()
        )
        layers: list[nn.Module] = []
        inputs = width
        for stage, count in enumerate(_BLOCKS):
            for block in range(count):
                stride = _ENTERED_BY[stage] if block == 0 else _KEEP
                layers.append(_Residual(inputs, width << stage, stride))
                inputs = width << stage
        self.layers = nn.Sequential(*layers)

    def forward(self, features: Tensor) -> Tensor:
        """Run the trunk."""
        x: Tensor = self.layers(self.stem(features.unsqueeze(1)))
        return x.flatten(1, 2)
