"""Operations on channels (Asterisk's rest-api/channels.json).

Each says what its second try is, when a connection broke under the first: most may simply be
repeated, some look first, some take the status that shows what the first one did.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec

from ivr.ari.decoding import read_reply
from ivr.ari.media import Media
from ivr.ari.model import Channel
from ivr.ari.requests import (
    CONFLICT,
    NOT_FOUND,
    Method,
    Request,
    Requester,
    accepted,
    explanation,
    resource,
    tolerant,
)

_UNKNOWN_OPERATION = "Resource not found"
"""Asterisk's words where it does not know the operation, rather than the channel."""


@dataclass(frozen=True, slots=True)
class _Variable:
    value: str


_CHANNEL = msgspec.json.Decoder(Channel)
_CHANNELS = msgspec.json.Decoder(tuple[Channel, ...])
_VARIABLE = msgspec.json.Decoder(_Variable)


class Channels(Media):
    """Legs of calls. Any of these may raise `AriRequestError`: 404 where the channel is gone,
    409 where it is no longer in our application.
    """

    def __init__(self, requester: Requester, app: str) -> None:
        """Speak for the Stasis application `app`."""
        super().__init__(requester)
        self._app = app

    async def answer(self, channel: str) -> None:
        """Answer the call; an answered one stays answered."""
        path = resource("channels", channel, "answer")
        await self._requester.request(Request(Method.POST, path, over_http=True))

    async def continue_in_dialplan(self, channel: str, *, label: str | None = None) -> None:
        """Send the channel on in the dialplan: to the next priority, or to a label there.

        Takes effect behind a running playback or recording: stop those first. Second try: 409
        shows that the channel has left already.
        """
        query = {} if label is None else {"label": label}
        request = Request(Method.POST, resource("channels", channel, "continue"), query)
        await self._requester.request(replace(request, again=tolerant(request, CONFLICT)))

    async def hangup(self, channel: str) -> None:
        """End the leg, named by id or by name; one that is gone already is fine."""
        request = Request(Method.DELETE, resource("channels", channel))
        await self._requester.request(tolerant(request, NOT_FOUND))

    async def get(self, channel: str) -> Channel:
        """Return the channel as it is now."""
        response = await self._requester.request(Request(Method.GET, resource("channels", channel)))
        return read_reply(response.body, _CHANNEL, "Channel")

    async def list(self) -> tuple[Channel, ...]:
        """Return all channels of this Asterisk, other applications' as well."""
        response = await self._requester.request(Request(Method.GET, "channels"))
        return read_reply(response.body, _CHANNELS, "list of Channel")

    async def set_variables(self, channel: str, variables: Mapping[str, str]) -> None:
        """Set variables, in one request where Asterisk can; waits behind a running playback
        or recording.
        """
        request = Request(
            Method.POST,
            resource("channels", channel, "variables"),
            body=msgspec.json.encode({"variables": dict(variables)}),
            over_http=True,
        )
        response = await self._requester.request(tolerant(request, NOT_FOUND))
        if response.status != NOT_FOUND:
            return
        if explanation(response) != _UNKNOWN_OPERATION:
            accepted(request, response)
        for name, value in variables.items():
            await self._set_variable(channel, name, value)

    async def _set_variable(self, channel: str, variable: str, value: str) -> None:
        """Set one variable: the only way of an Asterisk older than `variables` (2026)."""
        request = Request(
            Method.POST,
            resource("channels", channel, "variable"),
            body=msgspec.json.encode({"variable": variable, "value": value}),
            over_http=True,
        )
        await self._requester.request(request)

    async def get_variable(self, channel: str, variable: str) -> str | None:
        """Return a variable's or function's value; None where the variable is not set."""
        request = Request(
            Method.GET, resource("channels", channel, "variable"), {"variable": variable}
        )
        response = await self._requester.request(tolerant(request, NOT_FOUND))
        if response.status != NOT_FOUND:
            return read_reply(response.body, _VARIABLE, "Variable").value
        if "variable" not in explanation(response):
            accepted(request, response)
        return None

    async def external_media(self, channel: str, *, format: str = "slin") -> Channel:
        """Make a chan_websocket channel of the id `channel` that waits for us to connect.

        Connect to `/media/<MEDIA_WEBSOCKET_CONNECTION_ID>` of the returned channel's
        `channelvars`, subprotocol `media`; then its StasisStart comes. `format` is Asterisk's
        name (`slin`: 8 kHz int16 little-endian, 320 bytes per 20 ms; `slin16`, `ulaw`, ...).

        Take the id from the returned channel. Second try: another id, `<channel>-again`, and
        the first is hung up, for Asterisk 22.10.1 crashes when it is asked for an id twice.
        """
        again = self._external_media(f"{channel}-again", format)
        first = replace(self._external_media(channel, format), again=again)
        response = await self._requester.request(first)
        made = read_reply(response.body, _CHANNEL, "Channel")
        if made.id != channel:
            await self.hangup(channel)
        return made

    async def snoop(self, channel: str, *, snoop: str) -> Channel:
        """Make a channel of the id `snoop` that hears what `channel` says, and nobody else.

        `spy=in` is what comes in from the channel itself; what it is sent, such as the voice of
        whoever it is bridged with, is `out` and not asked for. Nothing is whispered to it. The new
        channel comes by a StasisStart of its own and goes with `channel`. Second try: looks first,
        for a second channel of the same id is refused with 500.
        """
        query = {"app": self._app, "spy": "in", "whisper": "none", "appArgs": "snoop"}
        make = Request(Method.POST, resource("channels", channel, "snoop", snoop), query)
        look = tolerant(Request(Method.GET, resource("channels", snoop)), NOT_FOUND)
        response = await self._requester.request(replace(make, again=look))
        if response.status == NOT_FOUND:
            response = await self._requester.request(replace(make, over_http=True))
        return read_reply(response.body, _CHANNEL, "Channel")

    def _external_media(self, channel: str, format: str) -> Request:
        query = {
            "channelId": channel,
            "app": self._app,
            "external_host": "INCOMING",
            "connection_type": "server",
            "transport": "websocket",
            "encapsulation": "none",
            "format": format,
            "transport_data": "f(json)",
        }
        return Request(Method.POST, resource("channels", "externalMedia"), query)
