"""Keys as RTP events (RFC 4733): the payload, how a key press is sent, how keys are heard."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ivr.lab.softphone.errors import KeysError, MalformedError
from ivr.lab.softphone.rtp import FRAME_SAMPLES

KEYS = "0123456789*#ABCD"
"""Their position is the event code (RFC 4733, table 3)."""

PRESS_FRAMES = 5
PAUSE_FRAMES = 4
_END_REPEATS = 3
"""The end is sent three times, since any packet may be lost (RFC 4733, clause 2.5.1.4)."""
_VOLUME_DBM0 = 10
_PAYLOAD = struct.Struct("!BBH")


@dataclass(frozen=True, slots=True)
class KeyEvent:
    """One event packet's payload; `duration` counts samples from the start of the key press."""

    key: str
    duration: int
    end: bool = False

    def encode(self) -> bytes:
        """Return the four bytes."""
        return _PAYLOAD.pack(KEYS.index(self.key), (self.end << 7) | _VOLUME_DBM0, self.duration)


def parse(payload: bytes) -> KeyEvent | None:
    """Read an event; None for one that is no key, `MalformedError` for a cut one."""
    if len(payload) < _PAYLOAD.size:
        raise MalformedError(f"{len(payload)} bytes are too few for a telephone event")
    code, flags, duration = _PAYLOAD.unpack_from(payload)
    return KeyEvent(KEYS[code], duration, bool(flags & 0x80)) if code < len(KEYS) else None


def press(key: str) -> Iterator[tuple[KeyEvent, ...]]:
    """Yield what goes out in each 20 ms of one key press; `KeysError` for an unknown key."""
    if len(key) != 1 or key not in KEYS:
        raise KeysError(f"{key!r} is no telephone key; there are {KEYS}")
    for frame in range(1, PRESS_FRAMES):
        yield (KeyEvent(key, frame * FRAME_SAMPLES),)
    yield (KeyEvent(key, PRESS_FRAMES * FRAME_SAMPLES, end=True),) * _END_REPEATS


class KeyListener:
    """Tells each key press once, however many packets it came in."""

    def __init__(self) -> None:
        self._last_start: int | None = None

    def hear(self, payload: bytes, timestamp: int) -> str | None:
        """Return the key at the first packet of its press, None at the others."""
        event = parse(payload)
        if event is None or timestamp == self._last_start:
            return None
        self._last_start = timestamp
        return event.key
