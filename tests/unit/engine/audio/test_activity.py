"""Segments out of probabilities, and out of sound."""

from __future__ import annotations

import gc

import numpy as np
import pytest

from engine.audio import Segment, detector, speech_in, warm
from engine.audio.activity import Activity
from engine.audio.detector import WINDOW, Detector
from engine.errors import AudioError
from tests.unit.engine.audio.synthetic import as_pcm, at_level, noise, silence, voice

TOLERANCE = 1_200
"""150 ms at 8 kHz."""


def found(probabilities: list[float]) -> list[tuple[int, int]]:
    """Segments in windows."""
    activity = Activity()
    for probability in probabilities:
        activity.take(probability)
    return [(s.start // WINDOW, s.end // WINDOW) for s in activity.segments]


def test_a_segment_reaches_from_the_first_likely_to_the_last_strong_window() -> None:
    """The detector's slow decline is not counted as speech."""
    assert found([0.0, 0.5, 0.9, 0.9, 0.6, 0.4, 0.2, 0.0]) == [(1, 4)]


def test_a_dip_above_the_offset_does_not_split_a_segment() -> None:
    """A weak window within a word belongs to it."""
    assert found([0.9, 0.9, 0.35, 0.9, 0.1]) == [(0, 4)]


def test_a_click_is_no_segment() -> None:
    """One strong window alone is not speech, two are."""
    assert found([0.0, 1.0, 0.0, 0.0]) == []
    assert found([0.0, 1.0, 1.0, 0.0]) == [(1, 3)]


def test_hum_that_is_neither_speech_nor_silence_ends_a_segment() -> None:
    """Windows in between do not hold the line for ever."""
    activity = Activity()
    for probability in [0.9, 0.9, 0.9, *[0.5] * 8]:
        activity.take(probability)
    assert not activity.speaking
    assert activity.segments == (Segment(0, 3 * WINDOW),)


def test_what_is_forgotten_does_not_move_what_follows() -> None:
    """After `forget` the count of samples goes on."""
    activity = Activity()
    for probability in [0.9, 0.9, 0.0]:
        activity.take(probability)
    activity.forget()
    assert len(activity.segments) == 0
    for probability in [0.9, 0.9]:
        activity.take(probability)
    assert list(activity.segments) == [Segment(3 * WINDOW, 5 * WINDOW)]


@pytest.mark.parametrize("level_dbfs", [-10.0, -20.0, -35.0, -45.0])
@pytest.mark.parametrize("noise_dbfs", [-90.0, -65.0])
def test_a_voice_is_found_at_any_level(level_dbfs: float, noise_dbfs: float) -> None:
    """Loud or at -45 dBFS, on a silent line or a noisy one, the ends are within 150 ms."""
    pcm = as_pcm(silence(1.0), voice(1.76, level_dbfs), silence(1.0))
    hiss = noise(len(pcm) / 8_000, noise_dbfs)
    segments = speech_in(as_pcm(pcm.astype(np.float32) / np.float32(32_768) + hiss))
    assert abs(segments[0].start - 8_000) <= TOLERANCE
    assert abs(segments[-1].end - 22_080) <= TOLERANCE


def test_a_clipping_voice_is_found() -> None:
    """A voice of which a quarter is cut off at full scale is still a voice."""
    pcm = as_pcm(noise(1.0, -60.0), voice(1.76, 0.0) * 3, noise(1.0, -60.0))
    segments = speech_in(pcm)
    assert abs(segments[0].start - 8_000) <= TOLERANCE
    assert abs(segments[-1].end - 22_080) <= TOLERANCE


@pytest.mark.parametrize(
    "pcm",
    [
        as_pcm(silence(3.0)),
        as_pcm(noise(3.0, -60.0)),
        as_pcm(noise(3.0, -25.0)),
        np.full(24_000, 12_000, np.int16),
        as_pcm(at_level(np.sin(np.arange(24_000, dtype=np.float32) * 0.33), -12.0)),
        np.zeros(0, np.int16),
        np.ones(1, np.int16),
    ],
    ids=["silence", "line noise", "loud noise", "offset", "tone", "nothing", "one sample"],
)
def test_what_is_no_voice_is_no_speech(pcm: np.ndarray) -> None:
    """Silence, hiss, direct current and a 420 Hz tone hold no speech."""
    assert speech_in(pcm) == ()


def test_a_segment_never_reaches_beyond_the_recording() -> None:
    """The last window is filled up for the detector, not for the result."""
    pcm = as_pcm(silence(0.5), voice(0.88))
    segments = speech_in(pcm[:9_999])
    assert segments[-1].end <= 9_999


def test_a_detector_that_was_used_before_hears_as_a_new_one() -> None:
    """A pooled Silero keeps nothing of the caller before."""
    windows = as_pcm(voice(0.96, -30.0)).reshape(-1, WINDOW)
    detector_before = Detector()
    fresh = [detector_before.probability(window) for window in windows]
    detector_before.close()
    again = Detector()
    assert [again.probability(window) for window in windows] == fresh
    again.close()


def test_a_detector_goes_back_when_closed_or_forgotten() -> None:
    """Closing gives the Silero back once, and so does losing the last reference."""
    warm(2)
    idle = len(detector._idle)
    first, second = Detector(), Detector()
    assert len(detector._idle) == idle - 2
    first.close()
    first.close()
    del second
    gc.collect()
    assert len(detector._idle) == idle


def test_a_closed_detector_says_so() -> None:
    """It must not share a Silero with the next listener."""
    closed = Detector()
    closed.close()
    with pytest.raises(AudioError, match="closed"):
        closed.probability(np.zeros(WINDOW, np.int16))


def test_a_window_of_another_length_is_named() -> None:
    """The detector takes 256 samples."""
    with pytest.raises(AudioError, match="256 samples at a time, not 160"):
        Detector().probability(np.zeros(160, np.int16))
