"""The sending side: chunks, marks and flow control against an Asterisk of a few lines."""

from __future__ import annotations

import json
from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from ivr.media.control import MediaBufferingCompleted, MediaMarkProcessed, MediaXoff, MediaXon
from ivr.media.outflow import CHUNK_BYTES, Message, Outflow

QUEUE_MAX_FRAMES = 1000


class Playing:
    """chan_websocket's queue as measured: 320-byte frames and marks, at most 1000 frames."""

    def __init__(self, outflow: Outflow) -> None:
        self.heard = bytearray()
        self.ended: list[str] = []
        self.dropped = 0
        self._outflow = outflow
        self._queue: deque[bytes | tuple[str, str]] = deque()
        self._left = b""

    def take(self, messages: list[Message]) -> None:
        """Receive what was sent."""
        for message in messages:
            if isinstance(message, bytes):
                assert len(message) <= CHUNK_BYTES
                self._frame(self._left + message)
                continue
            command = json.loads(message)
            match command["command"]:
                case "FLUSH_MEDIA":
                    self._queue.clear()
                    self._left = b""
                case "MARK_MEDIA":
                    self._queue.append(("mark", command["correlation_id"]))
                case "STOP_MEDIA_BUFFERING":
                    self._queue.append(self._left)
                    self._left = b""
                    self._queue.append(("completed", command["correlation_id"]))
                case _:
                    assert command == {"command": "START_MEDIA_BUFFERING"}

    def run(self) -> None:
        """Play all that is queued and all that is sent meanwhile."""
        while self._queue:
            self.step()

    def step(self) -> None:
        """Play one frame or tell of one mark."""
        match self._queue.popleft():
            case bytes(frame):
                self.heard += frame
            case ("mark", name):
                self.take(self._outflow.took(MediaMarkProcessed("m1", name)))
            case (_, name):
                if self._outflow.ended(MediaBufferingCompleted("m1", name)):
                    self.ended.append(name)

    def _frame(self, audio: bytes) -> None:
        whole = len(audio) // 320 * 320
        for at in range(0, whole, 320):
            if sum(isinstance(each, bytes) for each in self._queue) < QUEUE_MAX_FRAMES:
                self._queue.append(audio[at : at + 320])
            else:
                self.dropped += 1
        self._left = audio[whole:]


@given(st.integers(1, 600_000))
def test_audio_of_any_length_is_played_whole(size: int) -> None:
    """Up to 37 s of audio come out as they went in, none dropped, and end once."""
    audio = (b"countersign" * (size // 11 + 1))[:size]
    outflow = Outflow()
    asterisk = Playing(outflow)
    asterisk.take(outflow.play(audio))
    asterisk.run()
    assert bytes(asterisk.heard) == audio
    assert asterisk.dropped == 0
    assert asterisk.ended == ["1"]
    assert not outflow.playing


def test_flush_ends_it_once() -> None:
    """What is flushed has no end of its own, and flushing twice sends nothing more."""
    outflow = Outflow()
    outflow.play(bytes(320))
    assert [json.loads(message)["command"] for message in outflow.flush()] == ["FLUSH_MEDIA"]
    assert outflow.flush() == []
    assert not outflow.ended(MediaBufferingCompleted("m1", "1"))


def test_end_of_a_flushed_piece_is_not_the_next_ones() -> None:
    """An end that crossed the flush on its way does not end the piece that came after."""
    outflow = Outflow()
    outflow.play(bytes(320))
    outflow.flush()
    outflow.play(bytes(320))
    assert not outflow.ended(MediaBufferingCompleted("m1", "1"))
    assert outflow.playing
    assert outflow.ended(MediaBufferingCompleted("m1", "2"))


def test_playing_over_something_flushes_it() -> None:
    """A second piece replaces the first."""
    outflow = Outflow()
    outflow.play(bytes(640_000))
    asterisk = Playing(outflow)
    asterisk.take(outflow.play(b"\x01\x02" * 160))
    asterisk.run()
    assert bytes(asterisk.heard) == b"\x01\x02" * 160


def test_nothing_is_sent_while_asterisk_is_full() -> None:
    """Between MEDIA_XOFF and MEDIA_XON no chunk leaves."""
    outflow = Outflow()
    outflow.play(bytes(640_000))
    assert outflow.took(MediaXoff("m1")) == []
    assert outflow.took(MediaMarkProcessed("m1", "1")) == []
    assert any(isinstance(message, bytes) for message in outflow.took(MediaXon("m1")))
