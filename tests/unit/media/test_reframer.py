"""Reframing: chunks of any size in, frames of 20 ms out, every sample once."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ivr.media.reframer import FRAME_SAMPLES, Reframer


@given(st.lists(st.integers(0, 1000), max_size=30))
def test_no_sample_is_lost_or_made_up(sizes: list[int]) -> None:
    """The frames and the flushed rest are the chunks, with silence only at the very end."""
    audio = np.arange(1, sum(sizes) + 1, dtype=np.int16)
    reframer, frames, at = Reframer(), [], 0
    for size in sizes:
        frames += reframer.push(audio[at : at + size])
        at += size
    frames += reframer.flush()
    assert all(len(frame) == FRAME_SAMPLES for frame in frames)
    joined = np.concatenate([np.empty(0, np.int16), *frames])
    assert np.array_equal(joined[: len(audio)], audio)
    assert not joined[len(audio) :].any()
    assert len(joined) - len(audio) < FRAME_SAMPLES


def test_flushing_nothing_gives_nothing() -> None:
    """Whole frames leave no rest."""
    reframer = Reframer()
    assert len(reframer.push(np.ones(320, np.int16))) == 2
    assert reframer.flush() == []
