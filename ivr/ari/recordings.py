"""Operations on recordings (Asterisk's rest-api/recordings.json)."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from ivr.ari.decoding import read_reply
from ivr.ari.model import ENDED, LiveRecording
from ivr.ari.requests import NOT_FOUND, Method, Request, Requester, resource, tolerant


@dataclass(frozen=True, slots=True)
class _Stored:
    name: str


_LIVE = msgspec.json.Decoder(LiveRecording)
_STORED = msgspec.json.Decoder(tuple[_Stored, ...])


class Recordings:
    """What `Channels.record` began, live, and the file that it leaves, stored."""

    def __init__(self, requester: Requester) -> None:
        """Send by `requester`."""
        self._requester = requester

    async def live(self, name: str) -> LiveRecording | None:
        """Return the recording while it lasts; None where it has ended or was told to.

        Asterisk tells that one has ended a moment before it lets go of it.
        """
        request = Request(Method.GET, resource("recordings", "live", name))
        response = await self._requester.request(tolerant(request, NOT_FOUND))
        if response.status == NOT_FOUND:
            return None
        recording = read_reply(response.body, _LIVE, "LiveRecording")
        return None if recording.state in ENDED else recording

    async def stop(self, name: str) -> None:
        """End the recording and keep its file; `RecordingFinished` follows.

        One that has ended already is fine.
        """
        request = Request(Method.POST, resource("recordings", "live", name, "stop"))
        await self._requester.request(tolerant(request, NOT_FOUND))

    async def discard(self, name: str) -> None:
        """End the recording and throw its file away; where it has ended already, the file stays
        (`delete` it).
        """
        request = Request(Method.DELETE, resource("recordings", "live", name))
        await self._requester.request(tolerant(request, NOT_FOUND))

    async def stored(self) -> tuple[str, ...]:
        """Return the names of all stored recordings, other applications' as well."""
        response = await self._requester.request(Request(Method.GET, "recordings/stored"))
        recordings = read_reply(response.body, _STORED, "list of StoredRecording")
        return tuple(recording.name for recording in recordings)

    async def fetch(self, name: str) -> bytes:
        """Return the stored file as it lies on Asterisk's disk; `AriRequestError` 404: no such."""
        path = resource("recordings", "stored", name, "file")
        response = await self._requester.request(Request(Method.GET, path, over_http=True))
        return response.body

    async def delete(self, name: str) -> None:
        """Delete the stored file; one that is gone already is fine."""
        request = Request(Method.DELETE, resource("recordings", "stored", name))
        await self._requester.request(tolerant(request, NOT_FOUND))
