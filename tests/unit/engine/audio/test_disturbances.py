"""Tones, music and second talkers are heard, and any sound at all has numbers."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from engine.audio import Segment, measure
from engine.decision.policy import QualityLimits, shortcoming
from engine.evaluation.unwanted import KEYS_HZ, STEADY_HZ, Wave, music, on_the_line, tone
from engine.types import Pcm, Quality, Shortcoming
from tests.unit.engine.audio.synthetic import as_pcm, noise, voice

RANDOM = np.random.default_rng(8)


def heard(pcm: Pcm) -> Quality:
    """Measure as if all of it were speech."""
    return measure(pcm, [Segment(0, len(pcm))])


def line(wave: Wave) -> Pcm:
    """What arrives of a wave."""
    return on_the_line(wave, RANDOM)


@pytest.mark.parametrize("hertz", STEADY_HZ.values(), ids=STEADY_HZ.keys())
def test_the_networks_tones_are_heard(hertz: tuple[float, ...]) -> None:
    """Most of a second of each, at a usual level."""
    found = heard(line(tone(hertz, 1.0, -20.0)))
    assert 0.5 <= found.tones_s <= 1.1
    assert shortcoming(found, QualityLimits()) is Shortcoming.TONES


@pytest.mark.parametrize("hertz", KEYS_HZ)
def test_every_key_is_heard(hertz: tuple[float, float]) -> None:
    """A key of 80 ms in a second of silence."""
    around = np.zeros(4000)
    found = heard(line(np.concatenate([around, tone(hertz, 0.08, -15.0), around])))
    assert 0.0 < found.tones_s < 0.2


def test_tones_are_heard_where_nobody_speaks() -> None:
    """A line that only rings is told from one that is silent."""
    assert measure(line(tone((440.0, 480.0), 1.0, -20.0)), []).tones_s > 0.5
    assert measure(line(np.zeros(8000)), []).tones_s == 0.0


def test_music_is_heard() -> None:
    """Chords and a melody hold their frequencies."""
    found = heard(line(music(3.0, RANDOM)))
    assert shortcoming(found, QualityLimits()) is Shortcoming.MUSIC


def test_noise_is_neither_music_nor_tones() -> None:
    """Nothing in it lasts."""
    found = heard(as_pcm(noise(3.0, -20.0)))
    assert found.tones_s == 0.0
    assert found.music < QualityLimits().music


def _glide(low_hz: float, seconds: float) -> Wave:
    """Pulses whose pitch moves by three semitones, as a voice's does."""
    time = np.arange(round(seconds * 8000)) / 8000
    phase = np.cumsum(low_hz * (1.1 + 0.09 * np.sin(2 * np.pi * 3 * time))) / 8000
    partials = np.arange(1, 9)[:, np.newaxis]
    wave: Wave = 0.1 * np.sum(np.sin(2 * np.pi * partials * phase) / partials, axis=0)
    return wave


def test_two_pitches_are_two_talkers_and_one_is_one() -> None:
    """A deep voice and then a high one; a voice that only moves is one."""
    deep, high = _glide(100.0, 1.5), _glide(220.0, 1.5)
    limit = QualityLimits().talkers
    assert heard(line(np.concatenate([deep, high]))).talkers > limit
    assert heard(line(np.concatenate([deep, deep]))).talkers < limit


@pytest.mark.parametrize("late_s", [29.9, 31.0, 125.0, 290.0])
def test_what_comes_late_is_heard(late_s: float) -> None:
    """Tones and another talker, wherever in five minutes of speech they lie."""
    speech = np.tile(_glide(100.0, 1.5), 200)[: round(late_s * 8000)]
    ringing = heard(line(np.concatenate([speech, tone((440.0, 480.0), 1.0, -20.0)])))
    assert ringing.tones_s > 0.5
    assert heard(line(np.concatenate([speech, _glide(220.0, 1.5)]))).talkers > 0.3


def test_music_that_begins_late_is_heard() -> None:
    """Half a minute of speech, and then music for two."""
    found = heard(line(np.concatenate([np.tile(_glide(100.0, 1.5), 20), music(120.0, RANDOM)])))
    assert shortcoming(found, QualityLimits()) is Shortcoming.MUSIC


def test_five_minutes_take_no_more_memory_than_one() -> None:
    """Beyond the few octets for each sample that the samples themselves take."""
    peaks = []
    for seconds in (60, 300):
        pcm = np.tile(line(_glide(100.0, 1.5)), 200)[: seconds * 8000]
        tracemalloc.start()
        heard(pcm)
        peaks.append(tracemalloc.get_traced_memory()[1] - 32 * len(pcm))
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


@pytest.mark.parametrize(
    "pcm",
    [
        np.zeros(0, np.int16),
        np.zeros(1, np.int16),
        np.full(1, -32768, np.int16),
        np.full(24_000, 12_345, np.int16),
        np.where(np.arange(24_000) % 16 < 8, 32_767, -32_768).astype(np.int16),
        np.zeros(24_000, np.int16),
        as_pcm(voice(0.5)),
    ],
    ids=["nothing", "one sample", "one loud sample", "DC", "square", "silence", "half a second"],
)
def test_every_sound_has_numbers(pcm: Pcm) -> None:
    """None is NaN, whatever arrives."""
    for found in (heard(pcm), measure(pcm, [])):
        assert np.isfinite([found.tones_s, found.music, found.talkers]).all()
        assert 0.0 <= found.music <= 1.0
        assert 0.0 <= found.talkers <= 1.0


@settings(max_examples=30)
@given(arrays.arrays(np.int16, st.integers(0, 6000)))
def test_no_sound_is_no_number(pcm: Pcm) -> None:
    """Nor for anything that chance makes."""
    found = heard(pcm)
    assert np.isfinite([found.tones_s, found.music, found.talkers]).all()
