"""What the line did to an utterance: how much speech, how loud, over what noise, how clipped,
and whether anything else was to be heard."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.audio.activity import Segment
from engine.audio.edges import cut_off
from engine.audio.music import activation, music
from engine.audio.pcm import FULL_SCALE, checked
from engine.audio.spectrum import blocks, fine_powers
from engine.audio.talkers import talkers
from engine.audio.tones import tones_s
from engine.types import TELEPHONE_RATE_HZ, Pcm, Quality

MOST_SNR_DB: Final = 60.0
LEAST_SNR_DB: Final = -20.0
LEAST_LEVEL_DBFS: Final = -100.0
CLIPPED_AT: Final = 32_124
"""The largest magnitude that mu-law has; A-law's is 32256 (ITU-T G.711)."""

_FRAME: Final = 160
"""20 ms; noise power is measured in frames of this many samples."""
_GUARD: Final = 800
"""0.1 s on either side of speech belongs to neither: breath, release, the detector's error."""
_ENOUGH_FRAMES: Final = 5
_PAUSES_PERCENT: Final = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class Measurement:
    """What it takes to measure an utterance: taken at once, made in whatever thread has time."""

    pcm: Pcm
    segments: tuple[Segment, ...]

    def quality(self) -> Quality:
        """Measure; ten milliseconds for three seconds of audio."""
        return measure(self.pcm, self.segments)


def measure(pcm: Pcm, segments: Sequence[Segment]) -> Quality:
    """Measure a recording, int16 `[n]` at 8 kHz, in which `segments` are the speech.

    Noise is the median power of 20 ms frames outside the speech, or, where there is less than
    0.1 s of them, the 5th percentile of those inside: its pauses. SNR lies in [-20, 60] dB and
    is 0 without speech. A constant offset counts neither as speech nor as noise. Tones and music
    are looked for from the first speech to the last; without speech, in all of the recording.
    """
    speech = _mask(len(checked(pcm)), segments, margin=0)
    if not speech.any():
        return Quality(0.0, 0.0, LEAST_LEVEL_DBFS, 0.0, *_tones_and_music(pcm))
    spoken = pcm[speech].astype(np.float64)
    extent = pcm[segments[0].start : segments[-1].end]
    tones, notes = _tones_and_music(extent)
    power = float(np.var(spoken))
    return Quality(
        net_speech_s=len(spoken) / TELEPHONE_RATE_HZ,
        snr_db=_snr_db(power, _noise_power(pcm, segments)),
        level_dbfs=_decibels(power / FULL_SCALE**2, LEAST_LEVEL_DBFS),
        clipped=float(np.mean(np.abs(spoken) >= CLIPPED_AT)),
        tones_s=tones,
        music=notes,
        talkers=talkers(extent),
        cut_off=cut_off(pcm, segments),
    )


def net_speech_of(qualities: Iterable[Quality]) -> float:
    """Return the net speech of several utterances together, in seconds, to the microsecond.

    A plain sum of seconds may fall short of the samples that were counted, and so of a minimum.
    """
    return round(math.fsum(each.net_speech_s for each in qualities), 6)


def _tones_and_music(pcm: Pcm) -> tuple[float, float]:
    """Seconds of tones, and how like music it is: block by block, so that memory is bounded."""
    tones, activations = 0.0, []
    for block in blocks(pcm):
        fine = fine_powers(block)
        tones += tones_s(block, fine)
        activations.append(activation(fine))
    return tones, music(np.concatenate(activations))


def _noise_power(pcm: Pcm, segments: Sequence[Segment]) -> float:
    frames = len(pcm) // _FRAME
    if not frames:
        return 0.0
    powers = np.var(pcm[: frames * _FRAME].reshape(frames, _FRAME), axis=1, dtype=np.float64)
    near = _mask(frames * _FRAME, segments, margin=_GUARD).reshape(frames, _FRAME).any(axis=1)
    if np.count_nonzero(~near) >= _ENOUGH_FRAMES:
        return float(np.median(powers[~near]))
    return float(np.percentile(powers, _PAUSES_PERCENT))


def _mask(length: int, segments: Sequence[Segment], margin: int) -> NDArray[np.bool_]:
    mask = np.zeros(length, dtype=np.bool_)
    for segment in segments:
        mask[max(0, segment.start - margin) : segment.end + margin] = True
    return mask


def _snr_db(power: float, noise: float) -> float:
    if noise <= 0.0:
        return MOST_SNR_DB
    return min(MOST_SNR_DB, _decibels((power - noise) / noise, LEAST_SNR_DB))


def _decibels(ratio: float, least: float) -> float:
    return max(least, 10.0 * float(np.log10(ratio))) if ratio > 0.0 else least
