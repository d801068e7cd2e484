"""Operations on Stasis applications (Asterisk's rest-api/applications.json)."""

from __future__ import annotations

from ivr.ari.model import Application
from ivr.ari.requests import Requester


class Applications:
    """Who listens, and to what."""

    def __init__(self, requester: Requester) -> None:
        """Send by `requester`."""
        self._requester = requester

    async def get(self, name: str) -> Application | None:
        """Return the application with the ids of its channels and bridges; None: no such."""
        raise NotImplementedError
