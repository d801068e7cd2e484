"""What Asterisk itself plays to a channel and records of it (the fallback for chan_websocket)."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from ivr.ari.decoding import read_reply
from ivr.ari.model import LiveRecording, Playback
from ivr.ari.requests import CONFLICT, NOT_FOUND, Method, Request, Requester, resource, tolerant

_PLAYBACK = msgspec.json.Decoder(Playback)
_RECORDING = msgspec.json.Decoder(LiveRecording)


class Media:
    """The part of `Channels` that plays and records."""

    def __init__(self, requester: Requester) -> None:
        """Send by `requester`."""
        self._requester = requester

    async def play(
        self, channel: str, media: str, *, playback: str, language: str | None = None
    ) -> Playback:
        """Play `media` (such as `sound:hello`) under the id `playback`; it is queued on return.

        Second try: looks for the playback first, for Asterisk would play it twice.
        """
        query = {"media": media} if language is None else {"media": media, "lang": language}
        path = resource("channels", channel, "play", playback)
        look = tolerant(Request(Method.GET, resource("playbacks", playback)), NOT_FOUND)
        play = Request(Method.POST, path, query)
        response = await self._requester.request(replace(play, again=look))
        if response.status == NOT_FOUND:
            response = await self._requester.request(replace(play, over_http=True))
        return read_reply(response.body, _PLAYBACK, "Playback")

    async def record(
        self,
        channel: str,
        name: str,
        *,
        format: str,
        max_duration_s: int = 0,
        max_silence_s: int = 0,
        until_key: bool = False,
        beep: bool = False,
    ) -> LiveRecording:
        """Record the caller to the stored recording `name` (a 409 where it exists).

        `format` is a file format of Asterisk (`wav`, `sln16`, `ulaw`); 0 s means no limit.
        `until_key`: whatever key the caller presses ends it, and is told as any other.
        Second try: 409 shows that it runs, or is a 404 where it does not.
        """
        query = {
            "name": name,
            "format": format,
            "maxDurationSeconds": str(max_duration_s),
            "maxSilenceSeconds": str(max_silence_s),
            "terminateOn": "any" if until_key else "none",
            "ifExists": "fail",
            "beep": "true" if beep else "false",
        }
        request = Request(Method.POST, resource("channels", channel, "record"), query)
        again = tolerant(request, CONFLICT)
        response = await self._requester.request(replace(request, again=again))
        if response.status == CONFLICT:
            live = Request(Method.GET, resource("recordings", "live", name))
            response = await self._requester.request(live)
        return read_reply(response.body, _RECORDING, "LiveRecording")
