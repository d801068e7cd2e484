"""Operations on bridges (Asterisk's rest-api/bridges.json)."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from ivr.ari.decoding import read_reply
from ivr.ari.model import Bridge
from ivr.ari.requests import (
    CONFLICT,
    NOT_FOUND,
    Method,
    Request,
    Requester,
    Response,
    resource,
    tolerant,
)

_BRIDGE = msgspec.json.Decoder(Bridge)
_BRIDGES = msgspec.json.Decoder(tuple[Bridge, ...])


class Bridges:
    """Where channels hear each other. A mixing bridge of two members mixes nothing."""

    def __init__(self, requester: Requester) -> None:
        """Send by `requester`."""
        self._requester = requester

    async def create(self, bridge: str, *, name: str = "") -> Bridge:
        """Make a mixing bridge of the id `bridge`. Second try: 409 shows that it is made."""
        request = Request(
            Method.POST, resource("bridges", bridge), {"type": "mixing", "name": name}
        )
        again = tolerant(request, CONFLICT)
        response = await self._requester.request(replace(request, again=again))
        if response.status == CONFLICT:
            return await self.get(bridge)
        return read_reply(response.body, _BRIDGE, "Bridge")

    async def add(self, bridge: str, *channels: str) -> None:
        """Put channels into the bridge; `AriRequestError` 400 or 422 where one of them is gone.

        Second try: looks first, for members that are added again leave it for a moment.
        """
        path = resource("bridges", bridge, "addChannel")
        add = Request(Method.POST, path, {"channel": ",".join(channels)}, over_http=True)
        look = Request(Method.GET, resource("bridges", bridge))
        response = await self._requester.request(replace(add, again=look))
        if not _added(response, channels):
            await self._requester.request(add)

    async def get(self, bridge: str) -> Bridge:
        """Return the bridge with the ids of its channels; `AriRequestError` 404: no such."""
        response = await self._requester.request(Request(Method.GET, resource("bridges", bridge)))
        return read_reply(response.body, _BRIDGE, "Bridge")

    async def destroy(self, bridge: str) -> None:
        """Dissolve the bridge, its channels stay; one that is gone already is fine."""
        request = Request(Method.DELETE, resource("bridges", bridge))
        await self._requester.request(tolerant(request, NOT_FOUND))

    async def list(self) -> tuple[Bridge, ...]:
        """Return all bridges of this Asterisk, other applications' as well."""
        response = await self._requester.request(Request(Method.GET, "bridges"))
        return read_reply(response.body, _BRIDGES, "list of Bridge")


def _added(response: Response, channels: tuple[str, ...]) -> bool:
    """Tell the empty answer to having added from the bridge that a second try looked at."""
    if not response.body:
        return True
    return set(channels) <= set(read_reply(response.body, _BRIDGE, "Bridge").channels)
