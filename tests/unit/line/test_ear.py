"""The ear: frames of any size, and those that are none."""

from __future__ import annotations

import numpy as np

from ivr.line.ear import Ear
from ivr.line.inbox import Inbox
from ivr.media.codec import FORMATS
from ivr.ports import Frame


async def test_odd_frame_is_counted_and_dropped() -> None:
    """A frame of half a sample too much is refused, and the next one is heard."""
    inbox = Inbox()
    ear = Ear(FORMATS["slin"](), inbox)
    try:
        for size in (319, 0, 641):
            ear.take(bytes(size))
        assert inbox.empty
        ear.take(b"\x01\x00" * 160)
        heard = await inbox.get()
    finally:
        ear.close()
    assert (ear.refused, ear.frames) == (3, 1)
    assert isinstance(heard, Frame)
    assert np.array_equal(heard.pcm, np.ones(160, np.int16))


async def test_packets_of_30_ms_become_frames_of_20() -> None:
    """Two packets of another packet time are three frames."""
    inbox = Inbox()
    ear = Ear(FORMATS["slin"](), inbox)
    ear.take(bytes(480))
    ear.take(bytes(480))
    ear.close()
    for _ in range(3):
        assert isinstance(await inbox.get(), Frame)
    assert inbox.empty


async def test_silence_stands_in_from_the_start() -> None:
    """A line on which nothing ever comes is heard as silent frames."""
    inbox = Inbox()
    ear = Ear(FORMATS["slin"](), inbox)
    try:
        for _ in range(5):
            heard = await inbox.get()
            assert isinstance(heard, Frame)
            assert not heard.pcm.any()
    finally:
        ear.close()
    assert ear.pacer.inserted >= 5
