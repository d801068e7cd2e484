"""Quality is a number for every sound, and the right one where it is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.audio import Segment, measure, speech_in
from engine.types import Pcm
from tests.unit.engine.audio.synthetic import as_pcm, at_level, noise, silence, voice

SECOND = 8_000


def spoken(level_dbfs: float, noise_dbfs: float) -> tuple[Pcm, list[Segment]]:
    """A second of noise-like speech between two of silence, noise over all three."""
    talk = np.concatenate([silence(1.0), at_level(noise(1.0, -20.0, 2), level_dbfs), silence(1.0)])
    return as_pcm(talk + noise(3.0, noise_dbfs, 3)), [Segment(SECOND, 2 * SECOND)]


@pytest.mark.parametrize("snr_db", [0.0, 5.0, 10.0, 20.0, 40.0])
@pytest.mark.parametrize("level_dbfs", [-15.0, -30.0, -45.0])
def test_snr_and_level_are_what_they_were_made(snr_db: float, level_dbfs: float) -> None:
    """Within 1 dB, wherever the noise is above the rounding of int16."""
    noise_dbfs = level_dbfs - snr_db
    if noise_dbfs < -80.0:
        noise_dbfs = -80.0
    quality = measure(*spoken(level_dbfs, noise_dbfs))
    both_dbfs = 10.0 * math.log10(10.0 ** (level_dbfs / 10.0) + 10.0 ** (noise_dbfs / 10.0))
    assert quality.snr_db == pytest.approx(level_dbfs - noise_dbfs, abs=1.0)
    assert quality.level_dbfs == pytest.approx(both_dbfs, abs=0.5)
    assert quality.net_speech_s == 1.0


def test_snr_is_60_where_no_noise_is_heard() -> None:
    """A line of digital silence has no noise."""
    pcm = as_pcm(silence(1.0), noise(1.0, -20.0), silence(1.0))
    assert measure(pcm, [Segment(SECOND, 2 * SECOND)]).snr_db == 60.0


def test_without_silence_around_the_pauses_tell_the_noise() -> None:
    """Who is recorded from the first to the last sample still has pauses."""
    syllables = np.concatenate([np.ones(1_200), np.zeros(400)] * 5).astype(np.float32)
    pcm = as_pcm(noise(1.0, -20.0, 2) * syllables + noise(1.0, -50.0, 3))
    assert measure(pcm, [Segment(0, len(pcm))]).snr_db == pytest.approx(29.0, abs=2.0)


def test_an_offset_is_neither_speech_nor_noise() -> None:
    """Direct current on the line changes no figure."""
    pcm, segments = spoken(-30.0, -50.0)
    plain, shifted = measure(pcm, segments), measure(pcm + np.int16(4_000), segments)
    assert shifted.snr_db == pytest.approx(plain.snr_db, abs=0.01)
    assert shifted.level_dbfs == pytest.approx(plain.level_dbfs, abs=0.01)


@pytest.mark.parametrize("peak", [32_767, -32_768, 32_124, 32_256])
def test_full_scale_of_every_law_counts_as_clipped(peak: int) -> None:
    """Linear, mu-law and A-law each have their own largest value."""
    pcm = np.tile(np.array([0, 0, 0, peak], np.int16), 2_000)
    assert measure(pcm, [Segment(0, len(pcm))]).clipped == 0.25


def test_loud_is_not_clipped() -> None:
    """Just below the telephone's full scale nothing is lost."""
    pcm = np.tile(np.array([0, 31_000, 0, -31_000], np.int16), 2_000)
    assert measure(pcm, [Segment(0, len(pcm))]).clipped == 0.0


def test_without_speech_there_is_no_level() -> None:
    """Nothing said: no net speech, -100 dBFS, and an SNR of 0."""
    quality = measure(as_pcm(noise(2.0, -40.0)), [])
    assert (quality.net_speech_s, quality.snr_db) == (0.0, 0.0)
    assert (quality.level_dbfs, quality.clipped) == (-100.0, 0.0)


SQUARE = np.where(np.arange(SECOND) // 8 % 2, -32_768, 32_767).astype(np.int16)
EXTREMES = {
    "nothing": np.zeros(0, np.int16),
    "one sample": np.array([5], np.int16),
    "silence": np.zeros(SECOND, np.int16),
    "offset": np.full(SECOND, -32_768, np.int16),
    "square": SQUARE,
    "ten minutes": np.tile(np.concatenate([SQUARE, np.zeros(SECOND, np.int16)]), 300),
}


@pytest.mark.parametrize("name", EXTREMES)
@pytest.mark.parametrize("spoken_share", [0.0, 0.5, 1.0])
def test_no_sound_makes_a_figure_that_is_no_number(name: str, spoken_share: float) -> None:
    """Silence, direct current, full-scale squares, one sample and ten minutes are all measured."""
    pcm = EXTREMES[name]
    quality = measure(pcm, [Segment(0, round(len(pcm) * spoken_share))])
    assert 0.0 <= quality.net_speech_s <= len(pcm) / SECOND
    assert -20.0 <= quality.snr_db <= 60.0
    assert -100.0 <= quality.level_dbfs <= 0.01
    assert 0.0 <= quality.clipped <= 1.0


@given(
    samples=st.lists(st.integers(-32_768, 32_767), max_size=2_000),
    edges=st.lists(st.integers(0, 2_500), max_size=6),
)
def test_every_figure_is_within_its_range(samples: list[int], edges: list[int]) -> None:
    """Whatever the samples and the segments are."""
    steps = sorted(edges)
    segments = [Segment(a, b) for a, b in zip(steps[::2], steps[1::2], strict=False)]
    quality = measure(np.array(samples, np.int16), segments)
    assert -20.0 <= quality.snr_db <= 60.0
    assert -100.0 <= quality.level_dbfs <= 0.01
    assert 0.0 <= quality.clipped <= 1.0


def test_a_voice_s_figures_are_plausible() -> None:
    """Detector and measure together: 1.76 s of voice at -26 dBFS over noise at -56 dBFS."""
    talk = np.concatenate([silence(1.0), voice(1.76, -26.0), silence(1.0)])
    pcm = as_pcm(talk + noise(3.76, -56.0))
    quality = measure(pcm, speech_in(pcm))
    assert quality.net_speech_s == pytest.approx(1.7, abs=0.2)
    assert quality.snr_db == pytest.approx(30.0, abs=2.0)
    assert quality.level_dbfs == pytest.approx(-26.0, abs=1.0)
