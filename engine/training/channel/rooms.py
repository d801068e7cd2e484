"""What happens before the telephone: the room, its noises, and other people in it."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from engine.training.bank import Bank
from engine.training.channel.draw import Draw, at_snr
from engine.types import TELEPHONE_RATE_HZ

_LONGEST_RESPONSE_S = 0.5
_DECAY = math.log(1000)
"""Of an amplitude over the reverberation time: 60 dB."""


def reverberated(samples: Tensor, draw: Draw) -> Tensor:
    """Put each row `[rows, n]` into a room: the direct sound and a decaying noise after it.

    Polack's model (Polack 1988; Habets 2007): reverberation time 0.1 to 0.8 s, direct to
    reverberant ratio -2 to 15 dB, a gap of up to 20 ms.
    """
    rows, size = samples.shape
    length = round(_LONGEST_RESPONSE_S * TELEPHONE_RATE_HZ)
    time = torch.arange(length, device=samples.device) / TELEPHONE_RATE_HZ
    decay = torch.exp(-_DECAY * time / draw.uniform(0.1, 0.8, rows, 1))
    tail = draw.normal(rows, length) * decay * (time >= draw.uniform(0.001, 0.02, rows, 1))
    ratio = 10 ** (-draw.uniform(-2.0, 15.0, rows, 1) / 20)
    response = tail * ratio / (tail.square().sum(1, keepdim=True).sqrt() + 1e-6)
    response[:, 0] = 1.0
    return convolved(samples, response)[:, :size]


def convolved(samples: Tensor, response: Tensor) -> Tensor:
    """Convolve rows with rows, `[rows, n + m - 1]` rounded up to a good length for the FFT."""
    length = _good_length(samples.shape[1] + response.shape[1])
    spectrum = torch.fft.rfft(samples, n=length) * torch.fft.rfft(response, n=length)
    return torch.fft.irfft(spectrum, n=length)


def _good_length(size: int) -> int:
    return -(-size // 2000) * 2000


def noisy(samples: Tensor, noises: Bank, draw: Draw) -> Tensor:
    """Add a recorded noise or a coloured one to each row `[rows, n]`, 0 to 25 dB below it."""
    rows, size = samples.shape
    recorded = _recorded(noises, rows, size, draw)
    which = draw.uniform(0.0, 1.0, rows, 1) < 0.6
    noise = torch.where(which, recorded, coloured(rows, size, draw))
    return at_snr(samples, noise, draw.uniform(0.0, 25.0, rows, 1))


def _recorded(noises: Bank, rows: int, size: int, draw: Draw) -> Tensor:
    """Stretches of recorded noise, each repeated from its start where it is too short."""
    chosen = draw.below(len(noises.starts), rows)
    length = noises.lengths[chosen].unsqueeze(1)
    offset = (draw.uniform(0.0, 1.0, rows, 1) * length).long()
    time = torch.arange(size, device=samples_device(noises)) + offset
    return noises.flat[noises.starts[chosen].unsqueeze(1) + time % length].float() / 32768


def samples_device(bank: Bank) -> torch.device:
    """The device that a bank lies on."""
    return bank.flat.device


def coloured(rows: int, size: int, draw: Draw) -> Tensor:
    """Noise `[rows, size]` whose spectrum falls by 0 to 12 dB per octave."""
    spectrum = torch.fft.rfft(draw.normal(rows, size))
    place = torch.arange(1, spectrum.shape[1] + 1, device=spectrum.device)
    return torch.fft.irfft(spectrum * place ** -draw.uniform(0.0, 2.0, rows, 1), n=size)


def babbling(samples: Tensor, everyone: Tensor, draw: Draw) -> Tensor:
    """Add one to six other speakers to each row `[rows, n]`, 6 to 25 dB below it.

    `everyone` `[batch, n]` holds the voices of the batch.
    """
    rows = len(samples)
    others = everyone[draw.below(len(everyone), rows, 6)]
    heard = (torch.arange(6, device=samples.device) <= draw.below(6, rows, 1)).unsqueeze(2)
    return at_snr(samples, (others * heard).sum(1), draw.uniform(6.0, 25.0, rows, 1))
