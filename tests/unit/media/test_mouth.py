"""What the caller hears, frame by frame."""

from __future__ import annotations

import numpy as np
import pytest

from ivr.media.mouth import Mouth

PIECE = np.arange(1, 401, dtype=np.int16)


def test_silent_mouth_says_silence() -> None:
    """A frame is due every 20 ms, also where nothing is played."""
    pcm, ended = Mouth().frame()
    assert pcm.shape == (160,)
    assert not pcm.any()
    assert not ended


def test_piece_is_said_whole_and_ends_once() -> None:
    """Its last frame is filled up with silence; it has ended when the next frame is due."""
    mouth = Mouth()
    mouth.play(PIECE)
    frames = [mouth.frame() for _ in range(5)]
    assert [ended for _, ended in frames] == [False, False, False, True, False]
    said = np.concatenate([pcm for pcm, _ in frames])
    assert np.array_equal(said[:400], PIECE)
    assert not said[400:].any()
    assert not mouth.playing


@pytest.mark.parametrize("begun", [0, 1, 3])
def test_hush_silences_the_next_frame(begun: int) -> None:
    """There is something to silence until the end was told, and no end is told afterwards."""
    mouth = Mouth()
    mouth.play(PIECE)
    for _ in range(begun):
        mouth.frame()
    assert mouth.hush()
    assert not mouth.hush()
    pcm, ended = mouth.frame()
    assert not pcm.any()
    assert not ended


def test_new_piece_replaces_the_old_one() -> None:
    """Two prompts are never mixed."""
    mouth = Mouth()
    mouth.play(PIECE)
    mouth.frame()
    mouth.play(-PIECE)
    pcm, _ = mouth.frame()
    assert np.array_equal(pcm, -PIECE[:160])
