"""The media socket's shell against a server that behaves, and one that does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from ivr.media.control import MediaXoff
from ivr.media.errors import MediaClosedError, MediaUnreachableError
from ivr.media.socket import MediaFrame, MediaSockets
from tests.patience import PATIENCE_S

Behaviour = Callable[[web.WebSocketResponse], Awaitable[None]]


@asynccontextmanager
async def asterisk(behaviour: Behaviour) -> AsyncIterator[str]:
    """Serve `/media/c1` on loopback, yield the server's root."""

    async def media(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=("media",))
        await socket.prepare(request)
        assert socket.ws_protocol == "media"
        await behaviour(socket)
        return socket

    application = web.Application()
    application.router.add_get("/media/c1", media)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def patient(url: str) -> MediaSockets:
    """Return sockets that wait longer than a caller would, for a busy machine is no fault."""
    return MediaSockets(url, connect_timeout_s=PATIENCE_S)


async def test_frames_and_events_come_in_order() -> None:
    """Audio and control messages are yielded as they came; one that is malformed is counted."""

    async def behaviour(socket: web.WebSocketResponse) -> None:
        await socket.send_bytes(bytes(320))
        await socket.send_str("MEDIA_START format:slin")
        await socket.send_str('{"event":"MEDIA_XOFF","channel_id":"m1"}')
        await socket.send_bytes(b"")
        await socket.close(code=1000)

    async with asterisk(behaviour) as url, patient(url) as sockets:
        socket = await sockets.connect("c1")
        items = [item async for item in socket]
        assert items == [MediaFrame(bytes(320)), MediaXoff("m1"), MediaFrame(b"")]
        assert socket.malformed == 1
        assert socket.close_code == 1000
        await socket.close()


async def test_messages_are_sent_in_order_until_it_is_closed() -> None:
    """Text and audio alternate as given; after the close nothing can be sent."""
    received: list[str | bytes] = []

    async def behaviour(socket: web.WebSocketResponse) -> None:
        received.extend([(await socket.receive()).data for _ in range(3)])
        await socket.close()

    async with asterisk(behaviour) as url, patient(url) as sockets:
        socket = await sockets.connect("c1")
        await socket.send(["one", b"two", "three"])
        assert [item async for item in socket] == []
        assert received == ["one", b"two", "three"]
        with pytest.raises(MediaClosedError):
            await socket.send(["four"])
        await socket.close()
        await socket.close()


async def test_nobody_there_is_named() -> None:
    """No server, or no such connection, is one error that names the host."""

    async def behaviour(socket: web.WebSocketResponse) -> None:
        await socket.close()

    async with MediaSockets("http://127.0.0.1:1") as sockets:
        with pytest.raises(MediaUnreachableError, match=r"127\.0\.0\.1:1"):
            await sockets.connect("c1")
    async with asterisk(behaviour) as url, patient(url) as sockets:
        with pytest.raises(MediaUnreachableError, match="check that chan_websocket is loaded"):
            await sockets.connect("other")


async def test_server_that_says_nothing_is_given_up() -> None:
    """A server that accepts and never answers costs the connect timeout, no more."""

    gone = asyncio.Event()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        gone.set()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with (
        server,
        MediaSockets(f"http://127.0.0.1:{port}", connect_timeout_s=0.1) as sockets,
    ):
        with pytest.raises(MediaUnreachableError, match="TimeoutError"):
            await sockets.connect("c1")
        await gone.wait()
