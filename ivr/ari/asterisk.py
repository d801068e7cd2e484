"""Operations on Asterisk itself (its rest-api/asterisk.json)."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from ivr.ari.decoding import read_reply
from ivr.ari.model import AsteriskPing, Module, SystemInfo
from ivr.ari.requests import NOT_FOUND, Method, Request, Requester, resource, tolerant


@dataclass(frozen=True, slots=True)
class _AsteriskInfo:
    system: SystemInfo


_INFO = msgspec.json.Decoder(_AsteriskInfo)
_MODULE = msgspec.json.Decoder(Module)
_PING = msgspec.json.Decoder(AsteriskPing)


class Asterisk:
    """What it is and what it can do."""

    def __init__(self, requester: Requester) -> None:
        """Send by `requester`."""
        self._requester = requester

    async def ping(self) -> AsteriskPing:
        """Return a sign of life."""
        response = await self._requester.request(Request(Method.GET, "asterisk/ping"))
        return read_reply(response.body, _PING, "AsteriskPing")

    async def system(self) -> SystemInfo:
        """Return the version."""
        request = Request(Method.GET, "asterisk/info", {"only": "system"})
        response = await self._requester.request(request)
        return read_reply(response.body, _INFO, "AsteriskInfo").system

    async def module(self, name: str) -> Module | None:
        """Return a module, such as `chan_websocket.so`; None where it is not loaded."""
        request = Request(Method.GET, resource("asterisk", "modules", name))
        response = await self._requester.request(tolerant(request, NOT_FOUND))
        if response.status == NOT_FOUND:
            return None
        return read_reply(response.body, _MODULE, "Module")

    async def set_global(self, name: str, value: str) -> None:
        """Set a global variable of the dialplan, which every channel can read."""
        query = {"variable": name, "value": value}
        await self._requester.request(Request(Method.POST, "asterisk/variable", query))

    async def drop_global(self, name: str) -> None:
        """Remove a global variable: one that is set to nothing stays, and is passed at each search.

        One that is not there is fine.
        """
        await self._requester.request(Request(Method.POST, "asterisk/variable", {"variable": name}))

    async def runs(self, name: str) -> bool:
        """Say whether the module is loaded and running."""
        module = await self.module(name)
        return module is not None and module.status == "Running"
