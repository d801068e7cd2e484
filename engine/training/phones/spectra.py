"""The front end of `engine.phrase.spectra` in torch, for batches at 8 kHz."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

from engine.phrase.spectra import FLOOR, LOUD, QUIETEST, mel_bands, window
from engine.types import TELEPHONE_RATE_HZ

WINDOW: Final = 200
_HOP: Final = 80
_FFT: Final = 256
_SETTLED: Final = 160


class Spectra(nn.Module):
    """float32 `[batch, n]` at 8 kHz to spectra float32 `[batch, 24, frames]`."""

    _window: Tensor
    _mel: Tensor

    def __init__(self) -> None:
        super().__init__()
        bands = torch.from_numpy(mel_bands(_FFT, TELEPHONE_RATE_HZ)).float()
        self.register_buffer("_window", torch.from_numpy(window(WINDOW)).float())
        self.register_buffer("_mel", bands)

    def forward(self, samples: Tensor) -> Tensor:
        """Compute the spectra; the line is known from the loud parts of the first 1.5 s."""
        cut = samples.unfold(1, WINDOW, _HOP) * self._window
        power = torch.fft.rfft(cut, _FFT).abs().square() @ self._mel
        logs = torch.log(power + QUIETEST)
        whole = power[:, :_SETTLED].sum(dim=2)
        loud = (whole >= whole.amax(dim=1, keepdim=True) * LOUD).float().unsqueeze(2)
        line = (logs[:, :_SETTLED] * loud).sum(dim=1, keepdim=True) / loud.sum(1, keepdim=True)
        return torch.log(torch.exp(logs - line) + FLOOR).transpose(1, 2)
