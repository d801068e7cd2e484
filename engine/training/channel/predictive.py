"""Coders of mobile telephones: short-term prediction kept, the residual reduced to a few pulses.

GSM full rate (GSM 06.10: every third sample, three bits) and algebraic code excitation (AMR, EVRC,
G.729: two to ten pulses in 5 ms) share this build; long-term prediction, which would bring back
part of the residual, is stood in for by keeping a share of it.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from engine.training.channel.draw import Draw

_FRAME = 160
"""20 ms."""
_WINDOW = 2 * _FRAME
_FFT = 512
_ORDER = 10
_SUBFRAME = 40
_REGULAR = 3
_LEVELS = 4
"""Magnitudes of a regular pulse: three bits with the sign."""


def regular_pulses(samples: Tensor, draw: Draw) -> Tensor:
    """Code `[rows, n]` somewhat as GSM full rate does."""
    return _coded(samples, draw, _every_third)


def sparse_pulses(samples: Tensor, draw: Draw) -> Tensor:
    """Code `[rows, n]` somewhat as an algebraic CELP coder of 5 to 12 kbit/s does."""
    count = (2, 4, 8, 10)[draw.pick(4)]
    return _coded(samples, draw, lambda residual: _largest(residual, count))


def _coded(samples: Tensor, draw: Draw, reduce: object) -> Tensor:
    """Whiten each frame, reduce its residual, colour it again, and overlap the frames."""
    assert callable(reduce)
    window = torch.hann_window(_WINDOW, device=samples.device).sqrt()
    framed = _framed(samples) * window
    predictor = torch.fft.rfft(prediction_filter(framed), n=_FFT)
    residual = torch.fft.irfft(torch.fft.rfft(framed, n=_FFT) * predictor, n=_FFT)
    kept = draw.uniform(0.2, 0.7, len(samples), 1).unsqueeze(2)
    excitation = kept * residual + (1 - kept) * reduce(residual)
    coded = torch.fft.irfft(torch.fft.rfft(excitation, n=_FFT) / predictor, n=_FFT)
    return _overlapped(coded[..., :_WINDOW] * window, samples.shape[1])


def _framed(samples: Tensor) -> Tensor:
    """Frames of 40 ms every 20 ms, `[rows, frames, 320]`; the first begins 20 ms early."""
    frames = -(-samples.shape[1] // _FRAME) + 1
    padded = functional.pad(samples, (_FRAME, frames * _FRAME - samples.shape[1]))
    return padded.unfold(1, _WINDOW, _FRAME)


def _overlapped(frames: Tensor, size: int) -> Tensor:
    """Add frames up again: the inverse of `_framed` where the windows' squares add up to one."""
    first, second = frames[..., :_FRAME], frames[..., _FRAME:]
    return (first[:, 1:] + second[:, :-1]).flatten(1)[:, :size]


def prediction_filter(framed: Tensor) -> Tensor:
    """Linear prediction of order 10, `[rows, frames, 11]` beginning with 1, for windowed frames.

    Levinson and Durbin's recursion, with a white noise 40 dB down for its sake.
    """
    power = torch.fft.rfft(framed, n=2 * _FFT).abs().square()
    lags = torch.fft.irfft(power)[..., : _ORDER + 1].clone()
    lags[..., 0] = lags[..., 0] * 1.0001 + 1e-7
    filter_ = torch.ones_like(lags[..., :1])
    error = lags[..., :1]
    for order in range(1, _ORDER + 1):
        ahead = (filter_ * lags[..., 1 : order + 1].flip(-1)).sum(-1, keepdim=True)
        longer = functional.pad(filter_, (0, 1))
        reflection = (-ahead / error).clamp(-0.999, 0.999)
        filter_ = longer + reflection * longer.flip(-1)
        error = error * (1 - reflection.square())
    return filter_


def _every_third(residual: Tensor) -> Tensor:
    """Keep the strongest of three grids, coarsely quantised to its block's largest pulse."""
    used = residual[..., : _FFT - _FFT % _REGULAR].unflatten(-1, (-1, _REGULAR))
    best = used.square().sum(-2).argmax(-1, keepdim=True)
    grid = torch.arange(_REGULAR, device=residual.device) == best
    peak = used.abs().amax((-2, -1), keepdim=True) + 1e-8
    coarse = (used / peak * _LEVELS).round() / _LEVELS * peak * _REGULAR**0.5
    pulses = (coarse * grid.unsqueeze(-2)).flatten(-2)
    return functional.pad(pulses, (0, _FFT % _REGULAR))


def _largest(residual: Tensor, count: int) -> Tensor:
    """Keep the signs of the largest `count` samples of every 5 ms, all at one magnitude."""
    used = residual[..., : _FFT - _FFT % _SUBFRAME].unflatten(-1, (-1, _SUBFRAME))
    threshold = used.abs().topk(count, dim=-1).values
    kept = used.abs() >= threshold[..., -1:]
    gain = used.square().mean(-1, keepdim=True).sqrt() * (_SUBFRAME / count) ** 0.5
    pulses = (used.sign() * kept * gain).flatten(-2)
    return functional.pad(pulses, (0, _FFT % _SUBFRAME))
