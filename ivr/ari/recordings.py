"""Operations on recordings (Asterisk's rest-api/recordings.json)."""

from __future__ import annotations

from ivr.ari.requests import Requester


class Recordings:
    """What `Channels.record` began, live, and the file that it leaves, stored."""

    def __init__(self, requester: Requester) -> None:
        """Send by `requester`."""
        self._requester = requester

    async def stop(self, name: str) -> None:
        """End the recording and keep its file; `RecordingFinished` follows.

        One that has ended already is fine.
        """
        raise NotImplementedError

    async def discard(self, name: str) -> None:
        """End the recording and throw its file away; one that has ended already is fine
        (its file is not: `delete` that).
        """
        raise NotImplementedError

    async def stored(self) -> tuple[str, ...]:
        """Return the names of all stored recordings, other applications' as well."""
        raise NotImplementedError

    async def fetch(self, name: str) -> bytes:
        """Return the stored file, as it lies on Asterisk's disk; always over HTTP."""
        raise NotImplementedError

    async def delete(self, name: str) -> None:
        """Delete the stored file; one that is gone already is fine."""
        raise NotImplementedError
