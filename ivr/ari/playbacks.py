"""Operations on what is playing (Asterisk's rest-api/playbacks.json)."""

from __future__ import annotations

from ivr.ari.model import Playback
from ivr.ari.requests import Requester


class Playbacks:
    """What `Channels.play` began."""

    def __init__(self, requester: Requester) -> None:
        """Send by `requester`."""
        self._requester = requester

    async def get(self, playback: str) -> Playback:
        """Return the playback; `AriRequestError` 404 where it has ended."""
        raise NotImplementedError

    async def stop(self, playback: str) -> None:
        """Stop it; `PlaybackFinished` follows. One that has ended already is fine."""
        raise NotImplementedError
