"""What the line does: band edges, hum, hiss, lost packets and how they are papered over."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from engine.training.channel.draw import Draw, at_snr
from engine.types import TELEPHONE_RATE_HZ

_PACKET_SAMPLES = 160
"""20 ms."""
_FADE = 0.6
"""Of each further repetition of the last packet that arrived."""


def band_limited(samples: Tensor, draw: Draw) -> Tensor:
    """Keep the telephone band: from 60..420 Hz to 3000..3900 Hz, each edge more or less steep.

    Butterworth magnitudes without their phase (ITU-T G.712 leaves about 300 to 3400 Hz).
    """
    rows, size = samples.shape
    spectrum = torch.fft.rfft(samples)
    frequency = torch.linspace(
        1e-3, TELEPHONE_RATE_HZ / 2, spectrum.shape[1], device=samples.device
    )
    low, high = draw.uniform(60.0, 420.0, rows, 1), draw.uniform(3000.0, 3900.0, rows, 1)
    below = (low / frequency) ** draw.uniform(2.0, 10.0, rows, 1)
    above = (frequency / high) ** draw.uniform(8.0, 40.0, rows, 1)
    return torch.fft.irfft(
        spectrum / (1 + below.square()).sqrt() / (1 + above.square()).sqrt(), n=size
    )


def humming(samples: Tensor, draw: Draw) -> Tensor:
    """Add 50 or 60 Hz and its first harmonics, 10 to 35 dB below the speech."""
    rows, size = samples.shape
    mains = 50.0 + 10.0 * draw.below(2, rows, 1)
    turns = torch.arange(size, device=samples.device) / TELEPHONE_RATE_HZ * mains
    hum = torch.zeros_like(samples)
    for harmonic in range(1, 6):
        phase = draw.uniform(0.0, 1.0, rows, 1)
        hum = hum + draw.uniform(0.0, 1.0, rows, 1) * torch.sin(
            2 * math.pi * (harmonic * turns + phase)
        )
    return at_snr(samples, hum, draw.uniform(10.0, 35.0, rows, 1))


def hissing(samples: Tensor, draw: Draw) -> Tensor:
    """Add the white noise of a line, 12 to 45 dB below the speech."""
    noise = draw.normal(*samples.shape)
    return at_snr(samples, noise, draw.uniform(12.0, 45.0, len(samples), 1))


def with_losses(samples: Tensor, draw: Draw) -> Tensor:
    """Lose packets of 20 ms in bursts; repeat the last one ever more softly, or be silent.

    Gilbert's two states (Bell System Technical Journal 39, 1960): 2 to 15 percent lost.
    """
    rows, size = samples.shape
    packets = -(-size // _PACKET_SAMPLES)
    padded = torch.nn.functional.pad(samples, (0, packets * _PACKET_SAMPLES - size))
    framed = padded.view(rows, packets, _PACKET_SAMPLES)
    lost = _lost(rows, packets, draw)
    number = torch.arange(packets, device=samples.device)
    heard = torch.where(lost, 0, number).cummax(dim=1).values
    again = framed.gather(1, heard.unsqueeze(2).expand_as(framed))
    fade = _FADE ** (number - heard) * (draw.uniform(0.0, 1.0, rows, 1) < 0.7)
    concealed = torch.where(lost.unsqueeze(2), again * fade.unsqueeze(2), framed)
    return concealed.flatten(1)[:, :size]


def _lost(rows: int, packets: int, draw: Draw) -> Tensor:
    """Which packets are lost, bool `[rows, packets]`; the first never is.

    A burst begins at a packet with some chance and lasts one to three packets.
    """
    begins = draw.uniform(0.0, 1.0, rows, packets) < draw.uniform(0.02, 0.08, rows, 1)
    lasts = draw.below(3, rows, packets) + 1
    end = torch.where(begins, torch.arange(packets, device=draw.device) + lasts, 0)
    lost = end.cummax(dim=1).values > torch.arange(packets, device=draw.device)
    lost[:, 0] = False
    return lost
