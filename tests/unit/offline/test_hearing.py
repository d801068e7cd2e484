"""What is heard of a file: all of it, or as much as words are listened for in."""

from __future__ import annotations

import numpy as np
import pytest

from engine.phrase.recogniser import LONGEST_S
from engine.types import Pcm
from ivr.offline.hearing import heard
from tests.unit.engine.audio.synthetic import as_pcm, voice, with_noise
from tests.unit.offline.files import file_of


def spoken(seconds: float) -> Pcm:
    return with_noise(as_pcm(voice(seconds)), -65.0)


def test_for_words_no_more_is_heard_than_is_listened_to() -> None:
    """Utterance, quality and what an enrollment keeps end where the words' listening ends."""
    sound = heard(file_of(spoken(45.0)), words=True)
    assert LONGEST_S - 0.5 < sound.utterance.seconds <= LONGEST_S
    assert sound.quality.net_speech_s == pytest.approx(sound.utterance.seconds, abs=0.3)
    assert len(sound.pcm) / 8000 == pytest.approx(0.5 + LONGEST_S, abs=0.5)


def test_the_time_counts_from_the_first_speech() -> None:
    """However long a line is quiet before."""
    late = np.concatenate([with_noise(np.zeros(60 * 8000, np.int16), -65.0), spoken(3.0)])
    assert heard(file_of(late), words=True).utterance.seconds == pytest.approx(3.0, abs=0.5)


def test_free_speech_is_heard_to_its_end() -> None:
    """From the first speech to the last, and kept as it is."""
    file = file_of(spoken(45.0))
    sound = heard(file, words=False)
    assert sound.utterance.seconds == pytest.approx(45.0, abs=0.5)
    np.testing.assert_array_equal(sound.pcm, file.pcm)
