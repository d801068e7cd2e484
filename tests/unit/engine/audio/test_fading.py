"""Where speech fell silent, within what the detector took for speech."""

from __future__ import annotations

import numpy as np
import pytest

from engine.audio.activity import Segment
from engine.audio.fading import FARTHEST, STEP, faded_at
from engine.types import Pcm
from tests.unit.engine.audio.synthetic import as_pcm, silence, voice, with_noise

VOICED = 8_000


def said(silent: int, noise_dbfs: float = -65.0, level_dbfs: float = -20.0) -> Pcm:
    """Return a second of voice and so many samples of line noise."""
    return with_noise(as_pcm(voice(1.0, level_dbfs), silence(silent / 8_000)), noise_dbfs)


@pytest.mark.parametrize("late", [0, 100, 256, 700, FARTHEST])
def test_what_the_detector_added_is_taken_off(late: int) -> None:
    """To a step of 8 ms, wherever the detector placed the end."""
    end = faded_at(said(2_000), Segment(0, VOICED + late))
    assert end == pytest.approx(VOICED, abs=2 * STEP)


def test_the_detector_is_not_corrected_by_more_than_it_ever_errs() -> None:
    """A soft last word counts as speech, however much louder the first was."""
    segment = Segment(0, VOICED + 2_000)
    assert faded_at(said(2_000), segment) == segment.end - FARTHEST


def test_on_a_loud_line_the_detector_has_the_last_word() -> None:
    """Noise 15 dB below the speech cannot be told from its end."""
    segment = Segment(0, VOICED + 640)
    assert faded_at(said(2_000, noise_dbfs=-35.0), segment) == pytest.approx(segment.end, abs=STEP)


def test_what_was_before_the_speech_does_not_count() -> None:
    """A knock before it, much louder, does not make the speech a silence."""
    knock = as_pcm(voice(0.1, -3.0))
    quiet = said(2_000, level_dbfs=-45.0, noise_dbfs=-90.0)
    end = faded_at(np.concatenate([knock, quiet]), Segment(len(knock), len(knock) + VOICED + 256))
    assert end == pytest.approx(len(knock) + VOICED, abs=2 * STEP)


@pytest.mark.parametrize("length", [0, STEP - 1, 4 * STEP])
def test_speech_without_a_loud_sample_ends_where_it_was_said_to(length: int) -> None:
    """Digital silence is judged by nobody but the detector."""
    assert faded_at(np.zeros(1_000, np.int16), Segment(100, 100 + length)) == 100 + length
