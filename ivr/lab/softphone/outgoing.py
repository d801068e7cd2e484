"""What a phone sends in each 20 ms: speech, keys, or the silence of an open line. No I/O."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from engine.types import Pcm
from ivr.lab.softphone import dtmf
from ivr.lab.softphone.errors import KeysError
from ivr.lab.softphone.g711 import Codec
from ivr.lab.softphone.rtp import FRAME_SAMPLES, RtpPacket

Slot = bytes | tuple[dtmf.KeyEvent, ...] | None
"""20 ms on the line: encoded audio, the packets of a key, or nothing said."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Something to be sent whole, and who wants to know when it has gone."""

    slots: deque[Slot]
    sent: Callable[[], None]


class Outgoing:
    """The stream of one call. Each `tick` is 20 ms on, whether something is sent or not."""

    def __init__(
        self, codec: Codec, events_type: int | None, start: RtpPacket, *, dtx: bool = False
    ) -> None:
        """`start` gives SSRC, sequence and timestamp; with `dtx` silence is not sent."""
        self._codec = codec
        self._events_type = events_type
        self._ssrc = start.ssrc
        self._sequence = start.sequence
        self._timestamp = start.timestamp
        self._silence = codec.silence * FRAME_SAMPLES
        self._turns: deque[Turn] = deque()
        self._spurt_begins = True
        self.dtx = dtx

    def speak(self, pcm: Pcm, sent: Callable[[], None]) -> Turn:
        """Queue audio, int16 `[n]` at 8 kHz; the last frame is filled up with silence."""
        padded = np.zeros(-(-len(pcm) // FRAME_SAMPLES) * FRAME_SAMPLES, np.int16)
        padded[: len(pcm)] = pcm
        encoded = self._codec.encode(padded)
        frames = range(0, len(encoded), FRAME_SAMPLES)
        return self._queue((encoded[i : i + FRAME_SAMPLES] for i in frames), sent)

    def press(self, keys: str, sent: Callable[[], None]) -> Turn:
        """Queue key presses; `KeysError` for unknown keys or a peer that takes none."""
        if self._events_type is None:
            raise KeysError("the far end takes no RFC 4733 events: keys cannot be pressed")
        slots: list[Slot] = []
        for key in keys:
            slots += [*dtmf.press(key), *[None] * dtmf.PAUSE_FRAMES]
        return self._queue(slots, sent)

    def tick(self) -> list[bytes]:
        """Return the packets of the next 20 ms."""
        packets = self._packets(self._next_slot())
        self._timestamp += FRAME_SAMPLES
        return packets

    def ended_turn(self) -> Callable[[], None] | None:
        """Return whom to tell that a turn has just been sent whole, or None."""
        return self._turns.popleft().sent if self._turns and not self._turns[0].slots else None

    def _queue(self, slots: Iterable[Slot], sent: Callable[[], None]) -> Turn:
        turn = Turn(deque(slots), sent)
        self._turns.append(turn)
        return turn

    def _next_slot(self) -> Slot:
        saying = self._turns and self._turns[0].slots
        return self._turns[0].slots.popleft() if saying else None

    def _packets(self, slot: Slot) -> list[bytes]:
        if slot is None and self.dtx:
            self._spurt_begins = True
            return []
        if isinstance(slot, tuple):
            return [self._event(event) for event in slot]
        return [self._audio(slot or self._silence)]

    def _audio(self, payload: bytes) -> bytes:
        marker, self._spurt_begins = self._spurt_begins, False
        return self._packet(self._codec.payload_type, self._timestamp, payload, marker)

    def _event(self, event: dtmf.KeyEvent) -> bytes:
        if self._events_type is None:
            raise KeysError("a key was queued for a peer that takes none")
        pressed_at = self._timestamp + FRAME_SAMPLES - event.duration
        first = event.duration == FRAME_SAMPLES
        return self._packet(self._events_type, pressed_at, event.encode(), first)

    def _packet(self, kind: int, timestamp: int, payload: bytes, marker: bool) -> bytes:
        packet = RtpPacket(kind, self._sequence, timestamp, self._ssrc, payload, marker)
        self._sequence += 1
        return packet.encode()
