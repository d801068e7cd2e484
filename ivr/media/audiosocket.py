"""AudioSocket without a socket: a kind, a length, a payload.

Source: Asterisk's documentation of AudioSocket and res_audiosocket.c of Asterisk 22.10. The length
is big-endian, the audio little-endian. Keys came with Asterisk 20.13, 21.8 and 22.3.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from uuid import UUID

from ivr.media.errors import MalformedAudioSocketError

HEADER = struct.Struct(">BH")
UUID_BYTES = 16
PAYLOAD_MAX_BYTES = 65_535


class Kind(IntEnum):
    """What a message is."""

    HANGUP = 0x00
    UUID = 0x01
    DTMF = 0x03
    AUDIO = 0x10
    ERROR = 0xFF


@dataclass(frozen=True, slots=True)
class Hello:
    """The first message: whose audio it is."""

    id: UUID


@dataclass(frozen=True, slots=True)
class Sound:
    """Audio of the dialplan application: slin, 8 kHz; 320 bytes are 20 ms."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Pressed:
    """A key was let go of: one of `0123456789*#ABCD`."""

    digit: str


@dataclass(frozen=True, slots=True)
class Terminated:
    """The connection is to be closed. Asterisk's application just closes it."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something failed at the other end; the code is its own."""

    code: bytes


@dataclass(frozen=True, slots=True)
class UnknownMessage:
    """A message that is newer than we are."""

    kind: int
    payload: bytes


Message = Hello | Sound | Pressed | Terminated | Fault | UnknownMessage

KEYS = frozenset(b"0123456789*#ABCD")


class AudioSocketDecoder:
    """Takes bytes as they come, cut anywhere, and hands out whole messages."""

    def __init__(self) -> None:
        """Begin with nothing collected."""
        self._buffer = b""

    def push(self, data: bytes) -> list[Message]:
        """Return the messages that `data` completes; `MalformedAudioSocketError`."""
        self._buffer += data
        messages: list[Message] = []
        while (size := self._size()) is not None:
            whole, self._buffer = self._buffer[:size], self._buffer[size:]
            messages.append(parse_message(whole))
        return messages

    def _size(self) -> int | None:
        """Return how long the next message is, if all of it is there."""
        if len(self._buffer) < HEADER.size:
            return None
        size = HEADER.size + int(HEADER.unpack_from(self._buffer)[1])
        return size if len(self._buffer) >= size else None


def parse_message(whole: bytes) -> Message:
    """Read one message, header and all; `MalformedAudioSocketError` names what is wrong."""
    kind, payload = whole[0], whole[HEADER.size :]
    match kind:
        case Kind.HANGUP:
            return Terminated()
        case Kind.UUID:
            if len(payload) != UUID_BYTES:
                raise MalformedAudioSocketError("id", f"{len(payload)} bytes, not {UUID_BYTES}")
            return Hello(UUID(bytes=payload))
        case Kind.DTMF:
            if len(payload) != 1 or payload[0] not in KEYS:
                raise MalformedAudioSocketError("key", "not one of 0-9 * # A-D")
            return Pressed(payload.decode("ascii"))
        case Kind.AUDIO:
            return Sound(payload)
        case Kind.ERROR:
            return Fault(payload)
        case _:
            return UnknownMessage(kind, payload)


def encode_message(message: Message) -> bytes:
    """Write a message; what `parse_message` read comes out as it went in."""
    match message:
        case Terminated():
            return _framed(Kind.HANGUP, b"")
        case Hello(id=id):
            return _framed(Kind.UUID, id.bytes)
        case Pressed(digit=digit):
            return _framed(Kind.DTMF, digit.encode("ascii"))
        case Sound(payload=payload):
            return _framed(Kind.AUDIO, payload)
        case Fault(code=code):
            return _framed(Kind.ERROR, code)
        case UnknownMessage(kind=kind, payload=payload):
            return _framed(kind, payload)


def _framed(kind: int, payload: bytes) -> bytes:
    if len(payload) > PAYLOAD_MAX_BYTES:
        raise MalformedAudioSocketError("payload", f"{len(payload)} bytes")
    return HEADER.pack(kind, len(payload)) + payload
