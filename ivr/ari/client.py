"""The connection to one Asterisk: events in order, requests by whichever way is open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Self

import aiohttp
import structlog

from ivr.ari.address import AriAddress
from ivr.ari.applications import Applications
from ivr.ari.asterisk import Asterisk
from ivr.ari.backoff import Backoff, full_jitter
from ivr.ari.bridges import Bridges
from ivr.ari.channels import Channels
from ivr.ari.errors import AriError, AriTimeoutError, ConnectionCutError
from ivr.ari.events import ApplicationReplaced, Event
from ivr.ari.over_http import open_session, send_over_http
from ivr.ari.playbacks import Playbacks
from ivr.ari.recordings import Recordings
from ivr.ari.requests import Request, Response, accepted
from ivr.ari.websocket import EventsSocket, open_socket

REQUEST_TIMEOUT_S = 8.0
"""Longer than it takes to notice a dead peer, so that a request can still be tried again."""

HEARTBEAT_S = 4.0
"""A ping after so long without a word; half of it without an answer is a dead peer."""

_log = structlog.get_logger(__name__)


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

    Entering connects, and raises `AriUnreachableError` or `AriUnauthorizedError` where that
    fails; from then on a lost connection is restored in the background, with capped exponential
    backoff and full jitter, until the block is left or the application is replaced. Meanwhile
    requests go over HTTP.
    """

    def __init__(
        self,
        address: AriAddress,
        *,
        request_timeout_s: float = REQUEST_TIMEOUT_S,
        heartbeat_s: float = HEARTBEAT_S,
        backoff: Backoff = full_jitter,
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
        self._heartbeat_s = heartbeat_s
        self._backoff = backoff
        self._notices: asyncio.Queue[Notice | None] = asyncio.Queue()
        self._socket: EventsSocket | None = None
        self._session: aiohttp.ClientSession | None = None
        self._serving: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Connect."""
        self._session = open_session(self.address)
        try:
            socket = await self._open()
        except BaseException:
            await self._session.close()
            raise
        self._serving = asyncio.create_task(self._serve(socket), name="ari")
        self._serving.add_done_callback(lambda _: self._notices.put_nowait(None))
        self._attach(socket, first=True)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close everything; requests in flight fail with `AriUnreachableError`."""
        if self._serving is not None:
            self._serving.cancel()
            await asyncio.wait([self._serving])
        if self._socket is not None:
            await self._detach(self._socket)
        await self._opened.close()

    @property
    def connected(self) -> bool:
        """Whether events come at present."""
        return self._socket is not None

    async def events(self) -> AsyncIterator[Notice]:
        """Yield everything in order, from `Connected(first=True)` on, for one consumer.

        Ends after `ApplicationReplaced` (the last item) and when the client is closed. Hand
        events on to each call's own task: what is awaited here holds up all calls' events.
        """
        while (notice := await self._notices.get()) is not None:
            yield notice
        self._notices.put_nowait(None)
        if self._serving is not None and not self._serving.cancelled():
            self._serving.result()

    async def request(self, request: Request, *, timeout_s: float | None = None) -> Response:
        """Send a request and return its answer; the operations above are made of this.

        Raises `AriRequestError` (an error status that the request does not take),
        `AriTimeoutError`, `AriUnreachableError` or `AriUnauthorizedError`.
        """
        limit_s = self._request_timeout_s if timeout_s is None else timeout_s
        try:
            async with asyncio.timeout(limit_s):
                return await self._once_or_twice(request)
        except TimeoutError:
            raise AriTimeoutError(request.method, request.path, limit_s) from None

    async def _once_or_twice(self, request: Request) -> Response:
        try:
            return accepted(request, await self._send(request))
        except ConnectionCutError:
            second = request.again or request
        return accepted(second, await self._send_over_http(second))

    async def _send(self, request: Request) -> Response:
        socket = self._socket
        if socket is None or request.over_http or not socket.takes_requests:
            return await self._send_over_http(request)
        return await socket.request(request)

    async def _send_over_http(self, request: Request) -> Response:
        return await send_over_http(self._opened, self.address, request)

    async def _serve(self, socket: EventsSocket) -> None:
        """Hand events on, from one websocket after another, until we are replaced."""
        while (cause := await self._listen(socket)) is not None:
            _log.warning("ari.disconnected", cause=str(cause))
            self._notices.put_nowait(Disconnected(cause))
            socket = await self._reconnect()
            self._attach(socket, first=False)
        _log.error("ari.replaced", app=self.address.app)

    async def _listen(self, socket: EventsSocket) -> AriError | None:
        """Hand on the events of one websocket; return what cut it, None: we were replaced."""
        try:
            async for event in socket.events():
                self._notices.put_nowait(event)
                if isinstance(event, ApplicationReplaced):
                    break
        except ConnectionCutError as cut:
            return cut
        finally:
            await self._detach(socket)
        return None

    async def _reconnect(self) -> EventsSocket:
        tries = 0
        while True:
            await asyncio.sleep(self._backoff(tries))
            tries += 1
            try:
                return await self._open()
            except AriError as error:
                _log.warning("ari.reconnect_failed", tries=tries, cause=str(error))

    async def _open(self) -> EventsSocket:
        return await open_socket(self._opened, self.address, self._heartbeat_s)

    @property
    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("an AriClient works inside `async with` only")
        return self._session

    def _attach(self, socket: EventsSocket, *, first: bool) -> None:
        self._socket = socket
        self._notices.put_nowait(Connected(first))
        _log.info("ari.connected", first=first, requests_here=socket.takes_requests)

    async def _detach(self, socket: EventsSocket) -> None:
        self._socket = None
        await socket.close("the websocket was closed")
