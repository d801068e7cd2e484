"""What the front end computes, against a slow one written from the card alone."""

from __future__ import annotations

from math import cos, log, pi

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from msgspec import structs
from numpy.typing import NDArray

from engine.errors import AudioError
from engine.types import ENGINE_RATE_HZ, Samples, Utterance
from engine.voice.card import card_in, read_card
from engine.voice.features import MelFeatures
from engine.voice.frontend import LONGEST_S, LogMel, mel_matrix
from tests.unit.engine.voice.models import MODELS


def _features() -> MelFeatures:
    features = read_card(card_in(MODELS)).features
    assert isinstance(features, MelFeatures)
    return features


FEATURES = _features()
FRONT_END = LogMel(FEATURES)
REFERENCE = MODELS.parents[3] / "shared" / "models" / "telephone-first-try.reference.npz"


def test_features_are_those_of_the_card() -> None:
    """A direct Fourier sum over each frame, in float64, gives the same numbers."""
    samples = _chirp(1500)
    assert np.abs(FRONT_END(Utterance(samples)) - _slow(samples, FEATURES)).max() < 1e-4


@pytest.mark.skipif(not REFERENCE.exists(), reason="needs the model's reference activations")
def test_features_are_those_another_trainer_made() -> None:
    """A front end written apart from this one gave the same numbers on real speech."""
    reference = np.load(REFERENCE)
    front_end = LogMel(structs.replace(FEATURES, mel_bins=48))
    found = front_end(Utterance(reference["samples_16k"]))
    assert np.abs(found - reference["feats"]).max() < 5e-5


def test_a_tone_is_loudest_in_its_band() -> None:
    """1 kHz lies nearest the peak of one triangle, and there most energy is heard."""
    tone = np.sin(2 * pi * 1000 / ENGINE_RATE_HZ * np.arange(8000)).astype(np.float32)
    quiet = _noise(8000) * np.float32(0.01)
    features = FRONT_END(Utterance(np.concatenate([quiet, tone * np.float32(0.5)])))
    band = int(features[:, -40:-10].mean(axis=1).argmax())
    assert band == mel_matrix(FEATURES)[:, 1000 * FEATURES.fft_samples // ENGINE_RATE_HZ].argmax()


@pytest.mark.parametrize(("samples", "frames"), [(1, 1), (159, 1), (160, 2), (16_000, 101)])
def test_there_is_a_frame_for_each_hop_and_one_more(samples: int, frames: int) -> None:
    """Frames are centred, so even one sample has one."""
    assert FRONT_END(Utterance(_noise(samples))).shape == (FEATURES.mel_bins, frames)


@pytest.mark.parametrize("factor", [0.5, 0.1])
def test_loudness_makes_no_difference(factor: float) -> None:
    """The level is taken out, up to the card's floor."""
    samples = _chirp(4000)
    louder, softer = (FRONT_END(Utterance(samples * np.float32(f))) for f in (1, factor))
    assert np.abs(louder - softer).max() < 0.05


@given(
    arrays(
        np.float32,
        st.integers(1, 2000),
        elements=st.floats(-1, 1, width=32) | st.sampled_from([0.0, -1.0, 1e-38]),
    )
)
@settings(deadline=None, max_examples=50)
def test_features_are_always_finite(samples: Samples) -> None:
    """No audio makes NaN or infinity, and each band's mean is zero."""
    features = FRONT_END(Utterance(samples))
    assert features.dtype == np.float32
    assert np.isfinite(features).all()
    assert np.abs(features.mean(axis=1)).max() < 1e-3


@pytest.mark.parametrize(
    "samples",
    [np.zeros(16_000), np.full(16_000, 0.9), np.sign(np.sin(np.arange(16_000) / 9)), np.ones(1)],
    ids=["silence", "constant", "square", "one sample"],
)
def test_degenerate_audio_has_finite_features(samples: NDArray[np.float64]) -> None:
    """Silence, a constant, a square wave and a single sample are no special cases."""
    assert np.isfinite(FRONT_END(Utterance(samples.astype(np.float32)))).all()


def test_ten_minutes_are_cut_to_the_longest() -> None:
    """Only the first seconds count, so that memory is bounded."""
    features = FRONT_END(Utterance(_noise(600 * ENGINE_RATE_HZ)))
    assert features.shape[1] == LONGEST_S * ENGINE_RATE_HZ // FEATURES.hop_samples + 1


def test_an_empty_utterance_is_refused() -> None:
    """There is nothing to hear in it."""
    with pytest.raises(AudioError, match="empty"):
        FRONT_END(Utterance(np.zeros(0, np.float32)))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_audio_that_is_no_number_is_refused(bad: float) -> None:
    """One bad sample is enough."""
    samples = _noise(400)
    samples[7] = bad
    with pytest.raises(AudioError, match="NaN or infinity"):
        FRONT_END(Utterance(samples))


def _noise(samples: int) -> Samples:
    noise: Samples = np.random.default_rng(1).uniform(-0.5, 0.5, samples).astype(np.float32)
    return noise


def _chirp(samples: int) -> Samples:
    sweep = np.sin(2 * pi * (0.01 + np.arange(samples) * 1e-5) * np.arange(samples))
    chirp: Samples = (0.3 * sweep + 0.1 * _noise(samples)).astype(np.float32)
    return chirp


def _slow(samples: Samples, card: MelFeatures) -> NDArray[np.float64]:
    """The card, word by word: loops, float64 and a Fourier sum."""
    x = samples.astype(np.float64)
    x = x / (np.sqrt(np.mean(x**2)) + card.level.floor) * card.level.target_rms
    half, margin = card.fft_samples // 2, (card.fft_samples - card.window_samples) // 2
    padded = np.concatenate([x[half:0:-1], x, x[-2 : -half - 2 : -1]])
    length = card.window_samples
    window = [0.54 - 0.46 * cos(2 * pi * n / (length - 1)) for n in range(length)]
    kernel = np.exp(-2j * pi * np.outer(np.arange(half + 1), np.arange(length)) / card.fft_samples)
    columns = []
    for start in range(margin, margin + len(x) + 1, card.hop_samples):
        power = np.abs(kernel @ (padded[start : start + length] * window)) ** 2
        columns.append(_bands(power + card.power_offset, card))
    features = np.array(columns).T
    centred: NDArray[np.float64] = features - features.mean(axis=1, keepdims=True)
    return centred


def _bands(power: NDArray[np.float64], card: MelFeatures) -> list[float]:
    mels = [1127 * log(1 + hz / 700) for hz in (card.low_hz, card.high_hz)]
    step = (mels[1] - mels[0]) / (card.mel_bins + 1)
    hertz = [700 * (np.e ** ((mels[0] + step * k) / 1127) - 1) for k in range(card.mel_bins + 2)]
    bands = []
    for low, peak, high in zip(hertz, hertz[1:], hertz[2:], strict=False):
        energy = card.log_offset
        for k, p in enumerate(power):
            hz = k * ENGINE_RATE_HZ / card.fft_samples
            energy += p * max(0.0, min((hz - low) / (peak - low), (high - hz) / (high - peak)))
        bands.append(log(energy))
    return bands
