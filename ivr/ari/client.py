"""The connection to one Asterisk: events in order, requests by whichever way is open."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from ivr.ari.address import AriAddress
from ivr.ari.applications import Applications
from ivr.ari.asterisk import Asterisk
from ivr.ari.bridges import Bridges
from ivr.ari.channels import Channels
from ivr.ari.errors import AriError
from ivr.ari.events import Event
from ivr.ari.playbacks import Playbacks
from ivr.ari.recordings import Recordings
from ivr.ari.requests import Request, Response

REQUEST_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Connected:
    """Events come from here on. On the first one sweep orphans, on later ones re-adopt calls:
    what happened while nobody listened is not told again, `applications.get` shows what is left.
    """

    first: bool


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The websocket is gone; the client reconnects by itself, and requests go over HTTP."""

    cause: AriError


Notice = Event | Connected | Disconnected
"""What `AriClient.events` yields."""


class AriClient:
    """A Stasis application's side of ARI, as an async context manager.

    Entering connects and raises `AriUnreachableError` or `AriUnauthorizedError` where that
    fails; from then on a lost connection is restored in the background, with capped exponential
    backoff and full jitter, until the block is left or the application is replaced.
    """

    def __init__(
        self, address: AriAddress, *, request_timeout_s: float = REQUEST_TIMEOUT_S
    ) -> None:
        """Take the address; nothing is opened yet."""
        self.address = address
        self.channels = Channels(self, address.app)
        self.bridges = Bridges(self)
        self.playbacks = Playbacks(self)
        self.recordings = Recordings(self)
        self.applications = Applications(self)
        self.asterisk = Asterisk(self)
        self._request_timeout_s = request_timeout_s

    async def __aenter__(self) -> Self:
        """Connect."""
        raise NotImplementedError

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close everything; requests in flight fail with `AriUnreachableError`."""
        raise NotImplementedError

    @property
    def connected(self) -> bool:
        """Whether events come at present."""
        raise NotImplementedError

    def events(self) -> AsyncIterator[Notice]:
        """Yield everything in order, from `Connected(first=True)` on, for one consumer.

        Ends after `ApplicationReplaced` (the last item) and when the client is closed.
        Do not await a long conversation inside the loop: hand events on to the call's own task.
        """
        raise NotImplementedError

    async def request(self, request: Request, *, timeout_s: float | None = None) -> Response:
        """Send a request and return its answer; the operations above are made of this.

        Raises `AriRequestError` (an error status that the request does not tolerate),
        `AriTimeoutError`, `AriUnreachableError` or `AriUnauthorizedError`.
        """
        raise NotImplementedError
