"""What the telephone set does to speech: its microphone, its electronics, its own loudspeaker."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from engine.training.channel.draw import Draw, at_snr, rms
from engine.types import TELEPHONE_RATE_HZ

_KNOTS = 10
_SPEECH_WINDOW = 256
_SPEECH_HOP = 64


def filtered(samples: Tensor, gains_db: Tensor) -> Tensor:
    """Filter rows `[rows, n]` by gains `[rows, knots]` in dB, even in frequency up to 4 kHz."""
    spectrum = torch.fft.rfft(samples)
    curve = functional.interpolate(
        gains_db.unsqueeze(1), spectrum.shape[1], mode="linear", align_corners=True
    )[:, 0]
    return torch.fft.irfft(spectrum * 10 ** (curve / 20), n=samples.shape[1])


def coloured_by_handset(samples: Tensor, draw: Draw) -> Tensor:
    """A microphone's response: a smooth random curve, a tilt, and some combs of a table's echo."""
    rows = len(samples)
    curve = draw.normal(rows, _KNOTS) * draw.uniform(1.0, 6.0, rows, 1)
    tilt = torch.linspace(-0.5, 0.5, _KNOTS, device=samples.device)
    tilted = curve + tilt * draw.normal(rows, 1) * 8.0
    return draw.to_some(filtered(samples, tilted), 0.2, lambda some: _combed(some, draw))


def _combed(samples: Tensor, draw: Draw) -> Tensor:
    """Add each row to itself 0.3 to 5 ms later: a speakerphone lies on a table."""
    delays = (draw.uniform(0.0003, 0.005, len(samples), 1) * TELEPHONE_RATE_HZ).long() + 1
    return samples + delayed(samples, delays) * draw.uniform(0.2, 0.8, len(samples), 1)


def delayed(samples: Tensor, delays: Tensor) -> Tensor:
    """Delay rows `[rows, n]` by samples `[rows, 1]`, silence before them."""
    place = torch.arange(samples.shape[1], device=samples.device) - delays
    return samples.gather(1, place.clamp_min(0)) * (place >= 0)


def through_carbon(samples: Tensor, draw: Draw) -> Tensor:
    """A carbon button microphone: even and odd distortion that grows with level."""
    rows = len(samples)
    loud = samples / (rms(samples) * draw.uniform(3.0, 8.0, rows, 1))
    bent = loud + draw.uniform(0.0, 0.5, rows, 1) * loud.square()
    bent = torch.tanh(bent * draw.uniform(1.0, 3.0, rows, 1))
    return bent - bent.mean(dim=1, keepdim=True)


def gain_controlled(samples: Tensor, draw: Draw) -> Tensor:
    """Automatic gain: the envelope over 25 to 200 ms is flattened by 30 to 90 percent."""
    window = (201, 401, 801, 1601)[draw.pick(4)]
    power = moving_mean(samples.square(), window).clamp_min(0.0)
    envelope = power.sqrt() + rms(samples) * 0.05
    return samples * (rms(samples) / envelope) ** draw.uniform(0.3, 0.9, len(samples), 1)


def moving_mean(values: Tensor, window: int) -> Tensor:
    """Mean of rows `[rows, n]` over an odd window around each place, shorter at the ends."""
    sums = functional.pad(values.double().cumsum(dim=1), (1, 0))
    place = torch.arange(values.shape[1], device=values.device)
    first = (place - window // 2).clamp_min(0)
    last = (place + window // 2 + 1).clamp_max(values.shape[1])
    return ((sums[:, last] - sums[:, first]) / (last - first)).to(values.dtype)


def clipped(samples: Tensor, draw: Draw) -> Tensor:
    """Cut each row off at one to four times its root mean square."""
    limit = rms(samples) * draw.uniform(1.0, 4.0, len(samples), 1)
    return torch.maximum(torch.minimum(samples, limit), -limit)


def suppressed(samples: Tensor, draw: Draw) -> Tensor:
    """A mobile telephone's noise suppression: spectral subtraction with an over-estimate.

    Boll 1979; the noise of each band is its tenth percentile over the crop.
    """
    window = torch.hann_window(_SPEECH_WINDOW, device=samples.device)
    spectrum = torch.stft(samples, _SPEECH_WINDOW, _SPEECH_HOP, window=window, return_complex=True)
    size = spectrum.abs()
    rank = max(1, size.shape[2] // 10)
    floor = size.kthvalue(rank, dim=2, keepdim=True).values
    strength = draw.uniform(1.0, 3.0, len(samples), 1).unsqueeze(2)
    gain = (1 - strength * floor / (size + 1e-8)).clamp_min(0.05)
    return torch.istft(
        spectrum * gain, _SPEECH_WINDOW, _SPEECH_HOP, window=window, length=samples.shape[1]
    )


def with_echo(samples: Tensor, everyone: Tensor, draw: Draw) -> Tensor:
    """Let someone else's speech, such as a prompt, leak in: dull, 12 to 30 dB down."""
    rows = len(samples)
    others = everyone[draw.below(len(everyone), rows)]
    dull = filtered(others, torch.linspace(0, -20, _KNOTS, device=samples.device).expand(rows, -1))
    return at_snr(samples, dull, draw.uniform(12.0, 30.0, rows, 1))
