"""Operations on channels (Asterisk's rest-api/channels.json)."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.ari.model import Channel, LiveRecording, Playback
from ivr.ari.requests import Requester


class Channels:
    """Legs of calls. Any of these may raise `AriRequestError`: 404 where the channel is gone,
    409 where it is no longer in our application.
    """

    def __init__(self, requester: Requester, app: str) -> None:
        """Speak for the Stasis application `app`."""
        self._requester = requester
        self._app = app

    async def answer(self, channel: str) -> None:
        """Answer the call; an answered one stays answered."""
        raise NotImplementedError

    async def continue_in_dialplan(self, channel: str, *, label: str | None = None) -> None:
        """Send the channel on in the dialplan: to the next priority, or to a label of its extension.

        Waits behind a running playback or recording: stop those first.
        """
        raise NotImplementedError

    async def hangup(self, channel: str) -> None:
        """End the leg; one that is gone already is fine."""
        raise NotImplementedError

    async def get(self, channel: str) -> Channel:
        """Return the channel as it is now."""
        raise NotImplementedError

    async def list(self) -> tuple[Channel, ...]:
        """Return all channels of this Asterisk, other applications' as well."""
        raise NotImplementedError

    async def set_variables(self, channel: str, variables: Mapping[str, str]) -> None:
        """Set variables, all in one request; waits behind a running playback or recording."""
        raise NotImplementedError

    async def get_variable(self, channel: str, variable: str) -> str | None:
        """Return a variable's or function's value; None where the variable is not set."""
        raise NotImplementedError

    async def external_media(self, channel: str, *, format: str = "slin") -> Channel:
        """Make a chan_websocket channel of the id `channel` that waits for us to connect.

        Connect to `/media/<MEDIA_WEBSOCKET_CONNECTION_ID>` of the returned channel's
        `channelvars`, subprotocol `media`; then its StasisStart comes. `format` is Asterisk's
        name (`slin`: 8 kHz int16 little-endian, 320 bytes per 20 ms; `slin16`, `ulaw`, ...).
        """
        raise NotImplementedError

    async def play(
        self, channel: str, media: str, *, playback: str, language: str | None = None
    ) -> Playback:
        """Play `media` (such as `sound:hello`) under the id `playback`; it is queued on return."""
        raise NotImplementedError

    async def record(
        self,
        channel: str,
        name: str,
        *,
        format: str,
        max_duration_s: int = 0,
        max_silence_s: int = 0,
        beep: bool = False,
    ) -> LiveRecording:
        """Record the caller to the stored recording `name` (a 409 where it exists).

        `format` is a file format of Asterisk (`wav`, `sln16`, `ulaw`); 0 s means no limit.
        """
        raise NotImplementedError
