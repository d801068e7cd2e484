"""The media socket: a thin aiohttp shell around `control` and `outflow`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote, urlsplit

import aiohttp
import structlog

from ivr.media.control import ControlEvent, parse_control
from ivr.media.errors import MalformedControlError, MediaClosedError, MediaUnreachableError
from ivr.media.outflow import Message

CONNECT_TIMEOUT_S = 2.0
CLOSE_TIMEOUT_S = 0.5
HEARTBEAT_S = 5.0
"""A socket that has been silent so long is pinged; half of it later, unanswered, it is dead."""
FRAME_MAX_BYTES = 65_535

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class MediaFrame:
    """Audio from Asterisk, in the socket's format."""

    payload: bytes


class MediaSockets:
    """Opens media sockets of one Asterisk; an async context manager that owns their connections."""

    def __init__(
        self,
        url: str,
        *,
        connect_timeout_s: float = CONNECT_TIMEOUT_S,
        heartbeat_s: float = HEARTBEAT_S,
    ) -> None:
        """Take the root of Asterisk's HTTP server, such as `http://127.0.0.1:8088`."""
        self._root = url.rstrip("/").removesuffix("/ari").replace("http", "ws", 1)
        self._connect_timeout_s = connect_timeout_s
        self._heartbeat_s = heartbeat_s
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open nothing yet."""
        # No limit: a media socket is not a request, and Asterisk does not count it as one.
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close what is still open."""
        if self._session is not None:
            await self._session.close()

    async def connect(self, connection_id: str) -> MediaSocket:
        """Join a channel's socket by its MEDIA_WEBSOCKET_CONNECTION_ID.

        Raises `MediaUnreachableError` where that fails or takes too long.
        """
        if self._session is None:
            raise RuntimeError("MediaSockets must be entered before it connects")
        try:
            return MediaSocket(await self._open(self._session, connection_id))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            host = urlsplit(self._root).netloc
            raise MediaUnreachableError(host, str(error) or type(error).__name__) from None

    async def _open(
        self, session: aiohttp.ClientSession, connection_id: str
    ) -> aiohttp.ClientWebSocketResponse:
        async with asyncio.timeout(self._connect_timeout_s):
            return await session.ws_connect(
                f"{self._root}/media/{quote(connection_id, safe='')}",
                protocols=("media",),
                heartbeat=self._heartbeat_s,
                max_msg_size=FRAME_MAX_BYTES,
                timeout=aiohttp.ClientWSTimeout(ws_close=CLOSE_TIMEOUT_S),
            )


class MediaSocket:
    """One channel's audio and control messages, in order.

    `malformed` counts the control messages that could not be read; they are logged and skipped.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Take an open websocket."""
        self.malformed = 0
        self._socket = socket

    async def __aiter__(self) -> AsyncIterator[MediaFrame | ControlEvent]:
        """Yield what comes, until the socket is closed by either side."""
        async for message in self._socket:
            match message.type:
                case aiohttp.WSMsgType.BINARY:
                    yield MediaFrame(message.data)
                case aiohttp.WSMsgType.TEXT:
                    event = self._read(message.data)
                    if event is not None:
                        yield event
                case _:
                    return

    @property
    def close_code(self) -> int | None:
        """Why the socket is closed (RFC 6455, 7.4.1); None while it is open."""
        return self._socket.close_code

    async def send(self, messages: Iterable[Message]) -> None:
        """Send text and binary frames in order; `MediaClosedError` once the socket is closed."""
        try:
            for message in messages:
                if isinstance(message, str):
                    await self._socket.send_str(message)
                else:
                    await self._socket.send_bytes(message)
        except (aiohttp.ClientError, ConnectionError):
            raise MediaClosedError(self._socket.close_code) from None

    async def close(self) -> None:
        """Close the socket, which ends its channel; idempotent."""
        await self._socket.close()

    def _read(self, text: str) -> ControlEvent | None:
        try:
            return parse_control(text)
        except MalformedControlError as error:
            self.malformed += 1
            log.warning("media_message_malformed", why=str(error))
            return None
