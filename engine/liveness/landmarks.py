"""The landmarks of a recording: the peaks of its spectrum, and pairs of them that lie together.

Wang, "An industrial-strength audio search algorithm", ISMIR 2003, with windows long enough to
tell the harmonics of a voice apart. Nobody speaks twice with the same course of pitch to within
some Hz and ms, so that another take of the same words shares hardly a pair with the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.fft import rfft

from engine.errors import AudioError
from engine.types import ENGINE_RATE_HZ, Samples, Utterance

HOP_S: Final = 0.008
LONGEST_S: Final = 300.0
"""What comes later is not looked at: as much as is embedded (`engine.voice.windows`)."""
DENSITY: Final = 50
"""Landmarks kept in a second of audio, the strongest."""

_HOP: Final = round(HOP_S * ENGINE_RATE_HZ)
_WINDOW: Final = 1024
"""64 ms."""
_BLOCK: Final = 60 * ENGINE_RATE_HZ
"""Peaks are chosen in so much audio at a time: memory is bounded, what is loud hides nothing that
comes long after it, and the first minute has the landmarks that it has alone."""
_BLOCK_FRAMES: Final = (_BLOCK - _WINDOW) // _HOP + 1
_FFT: Final = 2048
"""Bins of 7.8 Hz."""
_LOWEST, _HIGHEST = 32, 448
"""Bins from 250 to 3500 Hz: what every telephone line carries."""
_NEIGHBOURHOOD: Final = (7, 13)
"""A peak is the largest of 7 frames (56 ms) by 13 bins (100 Hz) around it."""
_RANGE: Final = 10 ** (-40 / 20)
"""Peaks more than 40 dB below the largest are the line's noise."""
_FAINTEST: Final = _WINDOW / 4 * 10 ** (-80 / 20)
"""A sine of -80 dBFS under the Hann window: the least that 16-bit telephone audio shows."""

_PARTNERS: Final = 4
_NEAREST, _FARTHEST = 2, 32
"""A partner comes 16 to 256 ms later ..."""
_APART: Final = 64
"""... and within 500 Hz, so that a gap in the band costs few pairs."""
_FRAMES_PER_BIN: Final = 4.0
"""How many bins of distance weigh as much as a frame of it in the choice of the nearest."""
_COARSE: Final = 4
"""Bins that count as one frequency: 31 Hz."""


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs of landmarks in the order of time."""

    at: NDArray[np.int64]
    """Frame of the earlier landmark `[pairs]`, in units of `HOP_S`."""
    shape: NDArray[np.int64]
    """Frequency of the earlier, of the later (both in steps of 31 Hz) and frames between
    them, `[pairs, 3]`."""


def pairs(utterance: Utterance) -> Pairs:
    """Find the pairs of landmarks; none in silence or in less than 64 ms.

    `AudioError` where the samples are not finite.
    """
    if not np.isfinite(utterance.samples).all():
        raise AudioError("an utterance to fingerprint holds NaN or infinity: check its decoding")
    frames, bins = _landmarks(utterance.samples[: round(LONGEST_S * ENGINE_RATE_HZ)])
    first, second = _partners(frames, bins)
    coarse = np.rint(bins / _COARSE).astype(np.int64)
    shape = np.stack([coarse[first], coarse[second], frames[second] - frames[first]], axis=1)
    return Pairs(frames[first], shape)


def _landmarks(samples: Samples) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Frames and bins of the peaks of all blocks, in the order of time."""
    firsts = range(0, max(1, len(samples) // _HOP), _BLOCK_FRAMES)
    blocks = [samples[first * _HOP :][:_BLOCK] for first in firsts]
    found = [_peaks(_spectrum(block)) for block in blocks]
    frames = [first + place for first, (place, _) in zip(firsts, found, strict=True)]
    return np.concatenate(frames), np.concatenate([bins for _, bins in found])


def _spectrum(samples: Samples) -> NDArray[np.float32]:
    """Magnitudes `[frames, bins]` from 250 to 3500 Hz."""
    if len(samples) < _WINDOW:
        return np.zeros((0, _HIGHEST - _LOWEST), np.float32)
    framed = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[::_HOP]
    window = np.hanning(_WINDOW).astype(np.float32)
    magnitudes: NDArray[np.float32] = np.abs(rfft(framed * window, _FFT)[:, _LOWEST:_HIGHEST])
    return magnitudes


def _peaks(spectrum: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Frames and bins of the strongest peaks, in the order of time."""
    if not spectrum.size:
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    floor = max(float(spectrum.max()) * _RANGE, _FAINTEST)
    largest = _largest(_largest(spectrum, _NEIGHBOURHOOD[0]).T, _NEIGHBOURHOOD[1]).T
    frames, bins = np.nonzero((spectrum == largest) & (spectrum > floor))
    most = int(DENSITY * (len(spectrum) * HOP_S + _WINDOW / ENGINE_RATE_HZ))
    strongest = np.argsort(-spectrum[frames, bins], kind="stable")[:most]
    in_time = np.sort(strongest)
    return frames[in_time], bins[in_time]


def _largest(spectrum: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """Return the largest of so many rows around each, an odd number; of magnitudes."""
    found, reach = np.pad(spectrum, ((width // 2, width // 2), (0, 0))), 1
    while reach < width:
        further = min(reach, width - reach)
        found = np.maximum(found[further:], found[:-further])
        reach += further
    return found


def _partners(
    frames: NDArray[np.int64], bins: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pair each landmark with the nearest few that follow; both `[pairs]`, in the order of time."""
    begin, end = np.searchsorted(frames, frames + np.array([[_NEAREST], [_FARTHEST + 1]]))
    widest = int((end - begin).max(initial=0))
    places = begin[:, None] + np.arange(widest)
    known = np.minimum(places, len(frames) - 1)
    apart = np.abs(bins[known] - bins[:, None])
    fit = (places < end[:, None]) & (apart <= _APART)
    distance = frames[known] - frames[:, None] + apart / _FRAMES_PER_BIN
    order = np.argsort(np.where(fit, distance, np.inf), axis=1, kind="stable")[:, :_PARTNERS]
    first, rank = np.nonzero(np.take_along_axis(fit, order, axis=1))
    return first, places[first, order[first, rank]]
