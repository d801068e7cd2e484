"""Asterisk's resources as values: what events and replies carry, under Asterisk's names.

Fields are those of Asterisk 22's rest-api/*.json that we use; older versions leave some out,
newer ones may add more, and both are tolerated. States stay strings for the same reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CallerID:
    """Who calls, or who is connected; both are empty where withheld. Never logged."""

    name: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class DialplanCEP:
    """Where in the dialplan a channel is."""

    context: str
    exten: str
    priority: int
    app_name: str = ""
    app_data: str = ""

    @property
    def in_stasis(self) -> bool:
        """Whether it waits in `Stasis()` or `StasisBroadcast()`, for whatever application."""
        return self.app_name.startswith("Stasis")

    def waits_for(self, app: str) -> bool:
        """Whether it waits for this application; `StasisBroadcast()` does not say for which."""
        named = self.app_data.partition(",")[0].strip(' "')
        return self.in_stasis and (self.app_name != "Stasis" or named == app)


@dataclass(frozen=True, slots=True)
class Channel:
    """A leg of a call."""

    id: str
    name: str
    state: str
    """`Down`, `Rsrvd`, `OffHook`, `Dialing`, `Ring`, `Ringing`, `Up`, `Busy`, ..."""
    caller: CallerID = field(default_factory=CallerID)
    connected: CallerID = field(default_factory=CallerID)
    accountcode: str = ""
    dialplan: DialplanCEP | None = None
    creationtime: str = ""
    language: str = ""
    protocol_id: str = ""
    """SIP's Call-ID, where the channel is a SIP one and Asterisk is recent."""
    channelvars: dict[str, str] = field(default_factory=dict)
    """Variables that Asterisk reports unasked, such as `MEDIA_WEBSOCKET_CONNECTION_ID`."""


@dataclass(frozen=True, slots=True)
class Bridge:
    """Channels that hear each other."""

    id: str
    technology: str
    bridge_type: str
    bridge_class: str = ""
    creator: str = ""
    name: str = ""
    channels: tuple[str, ...] = ()
    creationtime: str = ""


ENDED = frozenset({"done", "failed"})
"""States of what plays or records no more, though Asterisk may not have let go of it yet."""


@dataclass(frozen=True, slots=True)
class Playback:
    """Sound that Asterisk plays."""

    id: str
    media_uri: str
    target_uri: str
    state: str
    """`queued`, `playing`, `continuing`, `done`, `failed`."""
    language: str = ""


@dataclass(frozen=True, slots=True)
class LiveRecording:
    """A recording in progress, or just ended. Durations are whole seconds."""

    name: str
    format: str
    target_uri: str
    state: str
    """`queued`, `recording`, `paused`, `done`, `failed`, `canceled`."""
    duration: int | None = None
    talking_duration: int | None = None
    silence_duration: int | None = None
    cause: str = ""


@dataclass(frozen=True, slots=True)
class Application:
    """A Stasis application and what it is subscribed to; this is how calls are re-adopted."""

    name: str
    channel_ids: tuple[str, ...] = ()
    bridge_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Module:
    """A module of Asterisk."""

    name: str
    status: str
    """`Running`, `Not Running`, ..."""
    description: str = ""
    use_count: int = 0
    support_level: str = ""


@dataclass(frozen=True, slots=True)
class SystemInfo:
    """Which Asterisk it is."""

    version: str
    entity_id: str = ""


@dataclass(frozen=True, slots=True)
class AsteriskPing:
    """Sign of life."""

    asterisk_id: str
    timestamp: str
