"""Operations on Stasis applications (Asterisk's rest-api/applications.json)."""

from __future__ import annotations

import msgspec

from ivr.ari.decoding import read_reply
from ivr.ari.model import Application
from ivr.ari.requests import NOT_FOUND, Method, Request, Requester, resource, tolerant

_APPLICATION = msgspec.json.Decoder(Application)


_NOT_SUBSCRIBED = (NOT_FOUND, 409, 422)
"""No such application, not subscribed, no such channel."""


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

    async def subscribe(self, name: str, channel: str) -> None:
        """Let the application hear of a channel also when it is not, or no longer, in it.

        May be repeated: what is subscribed twice tells once.
        """
        path, query = resource("applications", name, "subscription"), _source(channel)
        await self._requester.request(Request(Method.POST, path, query))

    async def tell(self, name: str, event: str, channel: str) -> None:
        """Send an application the user event `event` about a channel, which need not be in it.

        `AriRequestError` 404 where there is no such application, 422 no such channel.
        """
        query = {"application": name, "source": f"channel:{channel}"}
        await self._requester.request(
            Request(Method.POST, resource("events", "user", event), query)
        )

    async def unsubscribe(self, name: str, channel: str) -> None:
        """Undo `subscribe`; a channel that is gone, or was never subscribed, is fine."""
        path, query = resource("applications", name, "subscription"), _source(channel)
        request = Request(Method.DELETE, path, query)
        await self._requester.request(tolerant(request, *_NOT_SUBSCRIBED))


def _source(channel: str) -> dict[str, str]:
    return {"eventSource": f"channel:{channel}"}
