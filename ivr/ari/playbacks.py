"""Operations on what is playing (Asterisk's rest-api/playbacks.json)."""

from __future__ import annotations

import msgspec

from ivr.ari.decoding import read_reply
from ivr.ari.model import ENDED, Playback
from ivr.ari.requests import NOT_FOUND, Method, Request, Requester, resource, tolerant

_PLAYBACK = msgspec.json.Decoder(Playback)


class Playbacks:
    """What `Channels.play` began."""

    def __init__(self, requester: Requester) -> None:
        """Send by `requester`."""
        self._requester = requester

    async def get(self, playback: str) -> Playback | None:
        """Return the playback while it lasts; None where it has ended.

        Asterisk tells that one has ended a moment before it lets go of it.
        """
        request = Request(Method.GET, resource("playbacks", playback))
        response = await self._requester.request(tolerant(request, NOT_FOUND))
        if response.status == NOT_FOUND:
            return None
        found = read_reply(response.body, _PLAYBACK, "Playback")
        return None if found.state in ENDED else found

    async def stop(self, playback: str) -> None:
        """Stop it; `PlaybackFinished` follows. One that has ended already is fine."""
        request = Request(Method.DELETE, resource("playbacks", playback))
        await self._requester.request(tolerant(request, NOT_FOUND))
