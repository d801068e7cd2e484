"""One life of the events websocket: events in order, and requests with their answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import structlog

from ivr.ari.address import AriAddress
from ivr.ari.errors import AriError, AriUnreachableError, ConnectionCutError, MalformedEventError
from ivr.ari.events import Event
from ivr.ari.framing import PendingRequests, RESTResponse, parse_message, rest_request
from ivr.ari.over_http import translated
from ivr.ari.requests import Method, Request, Response

CONNECT_TIMEOUT_S = 5.0
PROBE_TIMEOUT_S = 1.0
CLOSE_TIMEOUT_S = 1.0
MESSAGE_MAX_BYTES = 16 * 1024 * 1024

_log = structlog.get_logger(__name__)


async def open_socket(
    session: aiohttp.ClientSession, address: AriAddress, heartbeat_s: float
) -> EventsSocket:
    """Connect; `AriUnreachableError` or `AriUnauthorizedError`. `heartbeat_s`: see `AriClient`."""
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            websocket = await session.ws_connect(
                address.events,
                heartbeat=heartbeat_s,
                max_msg_size=MESSAGE_MAX_BYTES,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_TIMEOUT_S),
            )
    except aiohttp.ClientError as error:
        raise translated(error, address) from error
    except TimeoutError:
        found = f"no websocket within {CONNECT_TIMEOUT_S:g} s"
        raise AriUnreachableError(address.url, found) from None
    socket = EventsSocket(websocket, address.url)
    try:
        await socket.probe()
    except BaseException:
        await websocket.close()
        raise
    return socket


class EventsSocket:
    """A connected events websocket; one task iterates `events`, any task may `request`."""

    def __init__(self, websocket: aiohttp.ClientWebSocketResponse, url: str) -> None:
        """Take a websocket that is open."""
        self._websocket = websocket
        self._url = url
        self._pending = PendingRequests()
        self._early: list[Event] = []
        self.takes_requests = False
        """Whether this Asterisk answers requests here; older ones do not."""

    async def probe(self) -> None:
        """Ask for a sign of life here, to learn whether requests are answered; keeps events."""
        request_id, answer = self._pending.open()
        try:
            await self._send(rest_request(Request(Method.GET, "asterisk/ping"), request_id))
            async with asyncio.timeout(PROBE_TIMEOUT_S):
                while not answer.done():
                    self._early += await self._receive()
        except TimeoutError:
            _log.info("ari.requests_over_http_only")
        else:
            self.takes_requests = True
        finally:
            self._pending.forget(request_id)

    async def request(self, request: Request) -> Response:
        """Ask, and wait for the answer; `ConnectionCutError` where none can come any more."""
        request_id, answer = self._pending.open()
        try:
            await self._send(rest_request(request, request_id))
            return await answer
        finally:
            self._pending.forget(request_id)

    async def events(self) -> AsyncIterator[Event]:
        """Yield events in order until the connection breaks: `ConnectionCutError`."""
        for event in self._early:
            yield event
        self._early.clear()
        while True:
            for event in await self._receive():
                yield event

    async def close(self, found: str) -> None:
        """Close, and tell those who wait for an answer why none will come."""
        self._pending.cut(self._url, found)
        await self._websocket.close()

    async def _send(self, frame: str) -> None:
        try:
            await self._websocket.send_str(frame)
        except (aiohttp.ClientError, ConnectionError) as error:
            raise ConnectionCutError(self._url, "the websocket is closed") from error

    async def _receive(self) -> list[Event]:
        """Wait for one message: an event to hand on, or an answer, which goes to who waits."""
        message = await self._websocket.receive()
        if message.type is not aiohttp.WSMsgType.TEXT:
            raise self._cut()
        try:
            content = parse_message(message.data)
        except MalformedEventError as error:
            _log.error("ari.malformed_event", kind=error.kind, path=error.path, found=error.found)
            return []
        if isinstance(content, RESTResponse):
            self._pending.settle(content)
            return []
        return [content]

    def _cut(self) -> AriError:
        error = self._websocket.exception()
        if isinstance(error, aiohttp.ServerTimeoutError):
            return ConnectionCutError(self._url, "no answer to the heartbeat")
        return ConnectionCutError(self._url, "the websocket is closed")
