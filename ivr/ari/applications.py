"""Operations on Stasis applications (Asterisk's rest-api/applications.json)."""

from __future__ import annotations

import msgspec

from ivr.ari.decoding import read_reply
from ivr.ari.model import Application
from ivr.ari.requests import NOT_FOUND, Method, Request, Requester, resource, tolerant

_APPLICATION = msgspec.json.Decoder(Application)


class Applications:
    """Who listens, and to what."""

    def __init__(self, requester: Requester) -> None:
        """Send by `requester`."""
        self._requester = requester

    async def get(self, name: str) -> Application | None:
        """Return the application with the ids of its channels and bridges; None: no such."""
        request = Request(Method.GET, resource("applications", name))
        response = await self._requester.request(tolerant(request, NOT_FOUND))
        if response.status == NOT_FOUND:
            return None
        return read_reply(response.body, _APPLICATION, "Application")
