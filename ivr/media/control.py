"""What chan_websocket and we tell each other besides audio: JSON text frames, without a socket.

Names and fields are those of Asterisk 22's chan_websocket with `f(json)`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import ClassVar

import msgspec

from ivr.media.errors import MalformedControlError


@dataclass(frozen=True, slots=True)
class ControlEvent:
    """What all events of the media socket share."""

    NAME: ClassVar[str] = ""


@dataclass(frozen=True, slots=True)
class MediaStart(ControlEvent):
    """The socket is joined to its channel. Audio may come before this (asterisk#1712)."""

    NAME: ClassVar[str] = "MEDIA_START"
    connection_id: str
    channel: str
    channel_id: str
    format: str
    optimal_frame_size: int
    """Bytes of one frame."""
    ptime: int
    """Milliseconds of one frame."""
    channel_variables: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DtmfEnd(ControlEvent):
    """A key was let go of, at the other end of the bridge."""

    NAME: ClassVar[str] = "DTMF_END"
    channel_id: str
    digit: str


@dataclass(frozen=True, slots=True)
class MediaXoff(ControlEvent):
    """Asterisk's queue is full: what is sent now may be dropped."""

    NAME: ClassVar[str] = "MEDIA_XOFF"
    channel_id: str


@dataclass(frozen=True, slots=True)
class MediaXon(ControlEvent):
    """Asterisk's queue has room again."""

    NAME: ClassVar[str] = "MEDIA_XON"
    channel_id: str


@dataclass(frozen=True, slots=True)
class MediaStatus(ControlEvent):
    """The answer to GET_STATUS; lengths and levels count frames."""

    NAME: ClassVar[str] = "STATUS"
    channel_id: str
    queue_length: int
    xon_level: int
    xoff_level: int
    queue_full: bool
    bulk_media: bool
    media_paused: bool


@dataclass(frozen=True, slots=True)
class MediaBufferingCompleted(ControlEvent):
    """All audio up to STOP_MEDIA_BUFFERING has been played, its last frame's 20 ms included."""

    NAME: ClassVar[str] = "MEDIA_BUFFERING_COMPLETED"
    channel_id: str
    correlation_id: str = ""


@dataclass(frozen=True, slots=True)
class MediaMarkProcessed(ControlEvent):
    """All audio before MARK_MEDIA has been played."""

    NAME: ClassVar[str] = "MEDIA_MARK_PROCESSED"
    channel_id: str
    correlation_id: str = ""


@dataclass(frozen=True, slots=True)
class QueueDrained(ControlEvent):
    """Nothing is left to play: one 20 ms frame after MEDIA_BUFFERING_COMPLETED."""

    NAME: ClassVar[str] = "QUEUE_DRAINED"
    channel_id: str


@dataclass(frozen=True, slots=True)
class MediaFault(ControlEvent):
    """Asterisk did not understand a command of ours."""

    NAME: ClassVar[str] = "ERROR"
    channel_id: str
    error_text: str


@dataclass(frozen=True, slots=True)
class UnknownControl(ControlEvent):
    """An event that is newer than we are."""

    event: str


EVENTS: dict[str, type[ControlEvent]] = {
    kind.NAME: kind
    for kind in (
        MediaStart,
        DtmfEnd,
        MediaXoff,
        MediaXon,
        MediaStatus,
        MediaBufferingCompleted,
        MediaMarkProcessed,
        QueueDrained,
        MediaFault,
    )
}
"""Every event of Asterisk 22.10, by its name on the wire."""


def parse_control(text: str | bytes) -> ControlEvent:
    """Read one text frame; `MalformedControlError` is all that it ever raises."""
    message = _json_object(text)
    name = message.pop("event", None)
    if not isinstance(name, str):
        raise MalformedControlError("control message", "no event")
    kind = EVENTS.get(name)
    if kind is None:
        return UnknownControl(name)
    try:
        return msgspec.convert(message, kind)
    except msgspec.ValidationError as error:
        raise MalformedControlError(name, str(error)) from None


def _json_object(text: str | bytes) -> dict[str, object]:
    try:
        return msgspec.json.decode(text, type=dict[str, object])
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise MalformedControlError("control message", type(error).__name__) from None


def encode_event(event: ControlEvent) -> str:
    """Write an event as Asterisk does; what `parse_control` read comes out as it went in."""
    values = {each.name: getattr(event, each.name) for each in fields(event)}
    return _encode({"event": event.NAME, **values})


def start_media_buffering() -> str:
    """What follows is one piece of audio, in chunks of any size."""
    return _encode({"command": "START_MEDIA_BUFFERING"})


def stop_media_buffering(correlation_id: str) -> str:
    """The piece of audio is complete: ask for MEDIA_BUFFERING_COMPLETED when it is played out."""
    return _encode({"command": "STOP_MEDIA_BUFFERING", "correlation_id": correlation_id})


def mark_media(correlation_id: str) -> str:
    """Ask for MEDIA_MARK_PROCESSED when what was sent up to here has been played."""
    return _encode({"command": "MARK_MEDIA", "correlation_id": correlation_id})


def flush_media() -> str:
    """Throw away what has not been played; no MEDIA_BUFFERING_COMPLETED comes for it."""
    return _encode({"command": "FLUSH_MEDIA"})


def report_queue_drained() -> str:
    """Ask for one QUEUE_DRAINED."""
    return _encode({"command": "REPORT_QUEUE_DRAINED"})


def get_status() -> str:
    """Ask for one STATUS."""
    return _encode({"command": "GET_STATUS"})


def hang_up() -> str:
    """End the media channel."""
    return _encode({"command": "HANGUP"})


def _encode(message: dict[str, object]) -> str:
    return msgspec.json.encode(message).decode()
