"""How other programs say whose call it is: a CRM, an ACD, a dialplan with CURL()."""

from __future__ import annotations

import hmac
from typing import Annotated

import msgspec
from aiohttp import web

from ivr.desk.address import Address
from ivr.desk.records import CallRecords
from ivr.desk.screens import body
from ivr.domain.call import TenantId

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


class Offer(msgspec.Struct, forbid_unknown_fields=True):
    """A call that is offered to an agent."""

    call: Name
    """`COUNTERSIGN_ID`, or the channel's unique id."""
    agent: Name
    tenant: Name = "default"


class Offers:
    """The route for programs; only where a token is set."""

    def __init__(self, calls: CallRecords, token: str, desk: Address) -> None:
        self._calls = calls
        self._token = token
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        """Return it, if there is a token."""
        return [web.post("/api/offers", self.offer)] if self._token else []

    async def offer(self, request: web.Request) -> web.StreamResponse:
        """Show a call to an agent from now on; `{"url": ...}` opens it there."""
        shown = request.headers.get("Authorization", "").removeprefix("Bearer ")
        octets = shown.encode("utf-8", "surrogatepass")
        if not hmac.compare_digest(octets, self._token.encode()):
            raise web.HTTPUnauthorized(text="send desk.token as a bearer token")
        offer = await body(request, Offer)
        found = await self._calls.offer(TenantId(offer.tenant), offer.call, offer.agent)
        if found is None:
            raise web.HTTPNotFound(text="no such call is on the desk")
        return web.json_response({"verification": str(found), "url": self._desk.of_call(found)})
