"""The sex of a speaker, estimated from pitch."""

from __future__ import annotations

import numpy as np
import pytest

from engine.evaluation.pitch import TRAIT, estimated_sex, pitches, with_sex
from engine.evaluation.trials import Trial
from engine.types import Samples


def voice(pitch_hz: float, lowest_hz: float = 300.0) -> Samples:
    """A second of harmonics as a telephone lets them through: no fundamental."""
    time = np.arange(16_000) / 16_000
    numbers = [k for k in range(1, 40) if lowest_hz <= k * pitch_hz <= 3400]
    buzz = np.sum([np.sin(2 * np.pi * k * pitch_hz * time) / k for k in numbers], axis=0)
    noise = 0.01 * np.random.default_rng(1).standard_normal(16_000)
    heard: Samples = (0.1 * buzz + 0.1 * noise).astype(np.float32)
    return heard


@pytest.mark.parametrize("pitch_hz", [85, 110, 147, 180, 220, 290])
def test_pitch_is_heard_without_its_fundamental(pitch_hz: float) -> None:
    """From the distance of the harmonics, as on the telephone."""
    assert np.median(pitches(voice(pitch_hz))) == pytest.approx(pitch_hz, rel=0.03)


@pytest.mark.parametrize("samples", [np.zeros(16_000), np.zeros(10), np.ones(16_000)])
def test_silence_has_no_pitch(samples: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    """Nor has anything shorter than a frame."""
    assert len(pitches(samples.astype(np.float32))) == 0


def test_noise_has_hardly_any_pitch() -> None:
    """Few frames pass for voiced."""
    noise = np.random.default_rng(2).standard_normal(16_000).astype(np.float32)
    assert len(pitches(noise)) < 5


def test_only_trials_of_one_sex_are_split_by_it() -> None:
    """A man against a woman is too easy to say how good a model is for either."""
    pairs = [("low", "low"), ("low", "high"), ("high", "high"), ("odd", "odd")]
    trials = [Trial((("a",),), ("b",), a == b, a, b, {"phone": "x"}) for a, b in pairs]
    found = with_sex(trials, {"low": 110.0, "high": 210.0, "odd": float("nan")})
    assert [trial.traits.get(TRAIT) for trial in found] == ["male", None, "female", ""]
    assert estimated_sex(float("nan")) == ""
