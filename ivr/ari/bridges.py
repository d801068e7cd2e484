"""Operations on bridges (Asterisk's rest-api/bridges.json)."""

from __future__ import annotations

from ivr.ari.model import Bridge
from ivr.ari.requests import Requester


class Bridges:
    """Where channels hear each other. A mixing bridge of two members mixes nothing."""

    def __init__(self, requester: Requester) -> None:
        """Send by `requester`."""
        self._requester = requester

    async def create(self, bridge: str, *, name: str = "") -> Bridge:
        """Make a mixing bridge of the id `bridge`."""
        raise NotImplementedError

    async def add(self, bridge: str, *channels: str) -> None:
        """Put channels into the bridge; `AriRequestError` 400 or 422 where one of them is gone."""
        raise NotImplementedError

    async def destroy(self, bridge: str) -> None:
        """Dissolve the bridge, its channels stay; one that is gone already is fine."""
        raise NotImplementedError

    async def list(self) -> tuple[Bridge, ...]:
        """Return all bridges of this Asterisk, other applications' as well."""
        raise NotImplementedError
