"""Operations on Asterisk itself (its rest-api/asterisk.json)."""

from __future__ import annotations

from ivr.ari.model import AsteriskPing, Module, SystemInfo
from ivr.ari.requests import Requester


class Asterisk:
    """What it is and what it can do."""

    def __init__(self, requester: Requester) -> None:
        """Send by `requester`."""
        self._requester = requester

    async def ping(self) -> AsteriskPing:
        """Return a sign of life."""
        raise NotImplementedError

    async def system(self) -> SystemInfo:
        """Return the version."""
        raise NotImplementedError

    async def module(self, name: str) -> Module | None:
        """Return a module, such as `chan_websocket.so`; None where it is not loaded."""
        raise NotImplementedError

    async def runs(self, name: str) -> bool:
        """Say whether the module is loaded and running."""
        raise NotImplementedError
