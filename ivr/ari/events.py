"""Asterisk's events as frozen dataclasses, parsed from JSON without a socket.

Names and fields are those of Asterisk 22's rest-api/events.json.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from ivr.ari.decoding import read_event, type_of
from ivr.ari.model import Bridge, Channel, LiveRecording, Playback


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What all events share."""

    application: str = ""
    timestamp: str = ""
    """As Asterisk writes it: ISO 8601 with milliseconds and an offset such as `+0000`."""
    asterisk_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownEvent(Event):
    """An event of a type that we have no use for, or that is newer than we are."""

    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationReplaced(Event):
    """Another client took our application's name; nothing more comes to us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StasisStart(Event):
    """A channel came to us. `args` are those of the dialplan's `Stasis(app,args...)`."""

    args: tuple[str, ...]
    channel: Channel
    replace_channel: Channel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StasisEnd(Event):
    """A channel left us: back to the dialplan, or hung up."""

    channel: Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelStateChange(Event):
    """A channel rings, is up, ..."""

    channel: Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelHangupRequest(Event):
    """The caller hung up, or someone asked for it; `cause` is Q.850's."""

    channel: Channel
    cause: int | None = None
    soft: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelDestroyed(Event):
    """A channel is gone; `cause` is Q.850's."""

    channel: Channel
    cause: int
    cause_txt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelDtmfReceived(Event):
    """The caller let go of a key, which was held for `duration_ms`."""

    channel: Channel
    digit: str
    duration_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelUserevent(Event):
    """Somebody tells something of a channel: another program, or the dialplan's UserEvent()."""

    eventname: str
    channel: Channel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelVarset(Event):
    """A variable was set; a global one where `channel` is None."""

    variable: str
    value: str
    channel: Channel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial(Event):
    """Somebody is being called, by Dial() or Queue(): told to who listens to either end."""

    peer: Channel
    caller: Channel | None = None
    dialstatus: str = ""
    """`` at its beginning, then `RINGING`, ..., `ANSWER`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackStarted(Event):
    """Asterisk began to play."""

    playback: Playback


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackFinished(Event):
    """Asterisk stopped playing; `playback.state` is `done` or `failed`."""

    playback: Playback


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingStarted(Event):
    """Asterisk began to record."""

    recording: LiveRecording


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingFinished(Event):
    """A recording ended, and its file can be fetched."""

    recording: LiveRecording


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingFailed(Event):
    """A recording could not be made; `recording.cause` says why."""

    recording: LiveRecording


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeCreated(Event):
    """A bridge was made."""

    bridge: Bridge


@dataclass(frozen=True, slots=True, kw_only=True)
class BridgeDestroyed(Event):
    """A bridge is gone."""

    bridge: Bridge


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelEnteredBridge(Event):
    """A channel joined a bridge."""

    bridge: Bridge
    channel: Channel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelLeftBridge(Event):
    """A channel left a bridge."""

    bridge: Bridge
    channel: Channel


EVENTS: tuple[type[Event], ...] = (
    ApplicationReplaced,
    BridgeCreated,
    BridgeDestroyed,
    ChannelDestroyed,
    ChannelDtmfReceived,
    ChannelEnteredBridge,
    ChannelHangupRequest,
    ChannelLeftBridge,
    ChannelStateChange,
    ChannelUserevent,
    ChannelVarset,
    Dial,
    PlaybackFinished,
    PlaybackStarted,
    RecordingFailed,
    RecordingFinished,
    RecordingStarted,
    StasisEnd,
    StasisStart,
)
"""The events that are read in full; any other is an `UnknownEvent`."""

_DECODERS = {event.__name__: msgspec.json.Decoder(event) for event in EVENTS}
_UNKNOWN = msgspec.json.Decoder(UnknownEvent)


def parse_event(raw: bytes | str) -> Event:
    """Read one event; `MalformedEventError` is all that it ever raises."""
    return parse_event_of(type_of(raw), raw)


def parse_event_of(kind: str, raw: bytes | str) -> Event:
    """Read one event whose type is known to be `kind`; `MalformedEventError`."""
    decoder = _DECODERS.get(kind)
    if decoder is None:
        return read_event(raw, _UNKNOWN, "event")
    return read_event(raw, decoder, kind)
