"""An estimate of a speaker's sex from the pitch of the voice, where nobody wrote the sex down.

It is an estimate and is labelled as one: low women and high men exist, and children are taken for
women. It is good for seeing whether a model serves high and low voices alike.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.evaluation.audio_files import AudioFiles
from engine.evaluation.recordings import Recording
from engine.evaluation.trials import Trial
from engine.types import ENGINE_RATE_HZ, Samples

TRAIT = "estimated-sex"
BORDER_HZ = 160.0
"""Between the medians of men (about 120 Hz) and women (about 200 Hz) in conversation (Traunmueller
& Eriksson, "The frequency range of the voice fundamental in the speech of male and female adults",
1995). Of dev-telephone's 43 speakers none lies between 152 and 172 Hz."""

_LOWEST_HZ, _HIGHEST_HZ = 60.0, 400.0
_FRAME = ENGINE_RATE_HZ * 48 // 1000
_HOP = ENGINE_RATE_HZ * 16 // 1000
_PERIODIC = 0.6
"""Height of the autocorrelation's peak from which a frame counts as voiced."""
_LOUD = 0.3
"""Share of the recording's RMS that a frame must reach."""
_OCTAVE_COST = 0.02
"""Per octave: of two peaks equally high the one of the higher pitch is the period itself."""
_LEAST_FRAMES = 20


def pitches(samples: Samples) -> NDArray[np.float64]:
    """Pitch in Hz of each voiced frame of float32 `[n]` at 16 kHz, `[frames]`.

    The highest peak of the autocorrelation divided by the window's own (Boersma, "Accurate
    short-term analysis of the fundamental frequency", 1993). It needs no fundamental, which the
    telephone cuts off below 300 Hz: the distance of the harmonics has the same period.
    """
    frames = _frames(samples.astype(np.float64))
    if not len(frames):
        return np.empty(0)
    window = np.hanning(_FRAME)
    shortest, longest = int(ENGINE_RATE_HZ / _HIGHEST_HZ), int(ENGINE_RATE_HZ / _LOWEST_HZ)
    lags = np.arange(shortest, longest + 1)
    height = _correlated(frames * window)[:, lags] / _correlated(window[None])[:, lags]
    best = np.argmax(height - _OCTAVE_COST * np.log2(lags / shortest), axis=1)
    voiced = height[np.arange(len(height)), best] >= _PERIODIC
    found: NDArray[np.float64] = ENGINE_RATE_HZ / lags[best[voiced]]
    return found


def median_pitch(recordings: Iterable[Recording], files: AudioFiles) -> dict[str, float]:
    """Median pitch in Hz of each speaker over all recordings; NaN where hardly any was found."""
    found = defaultdict(list)
    for recording in recordings:
        found[recording.speaker].append(pitches(files.samples(recording.member)))
    every = {speaker: np.concatenate(each) for speaker, each in found.items()}
    return {
        speaker: float(np.median(each)) if len(each) >= _LEAST_FRAMES else float("nan")
        for speaker, each in every.items()
    }


def estimated_sex(pitch_hz: float) -> str:
    """`female` or `male`, estimated; empty where the pitch is not known."""
    if np.isnan(pitch_hz):
        return ""
    return "female" if pitch_hz >= BORDER_HZ else "male"


def with_sex(trials: Sequence[Trial], pitch_hz: Mapping[str, float]) -> list[Trial]:
    """The trials with the estimate as a trait, where both speakers have the same."""
    sex = {speaker: estimated_sex(pitch) for speaker, pitch in pitch_hz.items()}
    return [
        replace(trial, traits={**trial.traits, TRAIT: sex[trial.enroll_speaker]})
        if sex[trial.enroll_speaker] == sex[trial.test_speaker]
        else trial
        for trial in trials
    ]


def _frames(samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Frames loud enough to hold speech, each without its mean, `[frames, _FRAME]`."""
    if len(samples) < _FRAME:
        return np.empty((0, _FRAME))
    frames = np.lib.stride_tricks.sliding_window_view(samples, _FRAME)[::_HOP]
    frames = frames - frames.mean(axis=1, keepdims=True)
    power = frames.var(axis=1)
    loud: NDArray[np.float64] = frames[power > max(_LOUD**2 * samples.var(), 1e-10)]
    return loud


def _correlated(frames: NDArray[np.float64]) -> NDArray[np.float64]:
    """Autocorrelation `[frames, _FRAME]`, 1 at lag 0."""
    spectrum = np.fft.rfft(frames, 2 * _FRAME)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)[:, :_FRAME]
    scaled: NDArray[np.float64] = correlation / np.maximum(correlation[:, :1], 1e-12)
    return scaled
