"""A recording that begins or ends in the middle of speech is known as cut off."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.audio import measure, speech_in
from engine.audio.activity import Segment
from engine.audio.edges import cut_off
from engine.types import TELEPHONE_RATE_HZ, Pcm
from tests.unit.engine.audio.synthetic import as_pcm, silence, voice, with_noise

SAID = with_noise(as_pcm(silence(0.5), voice(2.0), silence(0.7)), -65.0)
MIDDLE = round(1.5 * TELEPHONE_RATE_HZ)
"""In a vowel."""


@pytest.mark.parametrize(
    ("pcm", "cut"), [(SAID, False), (SAID[MIDDLE:], True), (SAID[:MIDDLE], True)]
)
def test_what_begins_or_ends_in_speech_is_cut_off(pcm: Pcm, cut: bool) -> None:
    """As the detector of speech hears it, and in an utterance's quality."""
    assert cut_off(pcm, speech_in(pcm)) is cut
    assert measure(pcm, speech_in(pcm)).cut_off is cut


def test_a_click_at_an_end_is_no_speech() -> None:
    """A telephone that is taken off the hook clicks."""
    clicked = SAID.copy()
    clicked[:20] = clicked[-20:] = 20_000
    assert not cut_off(clicked, [Segment(0, len(clicked))])


def test_a_soft_beginning_is_a_beginning() -> None:
    """Speech that fades in over 80 ms goes to the very edge, and nothing is missing."""
    spoken = voice(2.0)
    spoken[:640] *= np.linspace(0.0, 0.4, 640, dtype=np.float32)
    spoken[-640:] *= np.linspace(0.4, 0.0, 640, dtype=np.float32)
    soft = as_pcm(spoken)
    assert not cut_off(soft, [Segment(0, len(soft))])
    assert cut_off(soft[640:], [Segment(0, len(soft) - 640)])


@given(st.integers(0, 900), st.sampled_from([0, 1, 32_767]))
def test_any_sound_has_an_answer(count: int, amplitude: int) -> None:
    """However short: without speech nothing is cut off."""
    pcm = np.full(count, amplitude, np.int16)
    assert not cut_off(pcm, [])
    assert cut_off(pcm, [Segment(0, count)]) in (True, False)
