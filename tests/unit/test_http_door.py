"""The door of our HTTP servers: who brings nothing is cut off, and one too many is told so."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from aiohttp import web

from ivr import http_door
from ivr.http_door import Door, served
from tests.patience import PATIENCE_S
from tests.unit.api.test_server import certificate

HEAD = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"


@asynccontextmanager
async def opened(at_once: int, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Serve a page of one word, and yield the port."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(text="here")

    application = web.Application()
    application.router.add_get("/", answer)
    runner = served(application, "test")
    await runner.setup()
    try:
        await Door(runner, "127.0.0.1", 0, at_once, tls).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


class Guest:
    """A connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def asks(self) -> bytes:
        """Send a request; return the first line of the answer."""
        self.writer.write(HEAD)
        return await asyncio.wait_for(self.reader.readline(), PATIENCE_S)

    async def rest(self) -> bytes:
        """Return what comes until the server hangs up; nothing where it does so on what is sent."""
        with suppress(ConnectionResetError):
            return await asyncio.wait_for(self.reader.read(), PATIENCE_S)
        return b""

    async def leaves(self) -> None:
        """Hang up."""
        self.writer.close()
        with suppress(ConnectionResetError):
            await self.writer.wait_closed()


async def arrived(port: int, tls: ssl.SSLContext | None = None) -> Guest:
    """Connect."""
    name = "localhost" if tls else None
    return Guest(*await asyncio.open_connection("127.0.0.1", port, ssl=tls, server_hostname=name))


async def served_again(port: int) -> bytes:
    """Come again until there is room, as a program does."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            guest = await arrived(port)
            first = await guest.asks()
            await guest.leaves()
            if b"503" not in first:
                return first


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nHost: here\r\n"])
async def test_who_brings_no_request_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    """One that says nothing, and one whose head trickles."""
    monkeypatch.setattr(http_door, "IDLE_S", 0.2)
    async with opened(10) as port:
        guest = await arrived(port)
        guest.writer.write(begun)
        rest = asyncio.create_task(guest.rest())
        while begun and not rest.done():
            guest.writer.write(b"X-More: y\r\n")
            await asyncio.wait({rest}, timeout=0.01)
        assert await rest == b""
        await guest.leaves()


async def test_one_too_many_is_told_so(capsys: pytest.CaptureFixture[str]) -> None:
    """Before a word of it is read; the log says it once, and who comes later finds room."""
    async with opened(2) as port:
        guests = [await arrived(port) for _ in range(2)]
        for guest in guests:
            assert await guest.asks() == b"HTTP/1.1 200 OK\r\n"
        for _ in range(2):
            refused = await arrived(port)
            assert await refused.asks() == b"HTTP/1.1 503 Service Unavailable\r\n"
            head, _, words = (await refused.rest()).partition(b"\r\n\r\n")
            assert b"Retry-After: 5" in head
            assert f"Content-Length: {len(words)}".encode() in head
            await refused.leaves()
        assert capsys.readouterr().out.count("connections_refused") == 1
        await guests.pop().leaves()
        assert await served_again(port) == b"HTTP/1.1 200 OK\r\n"
        await guests.pop().leaves()


async def test_those_who_come_at_the_same_moment_are_counted_too() -> None:
    """They stand before the door before the first of them is inside."""
    async with opened(2) as port:
        crowd = [socket.create_connection(("127.0.0.1", port)) for _ in range(8)]
        guests = [Guest(*await asyncio.open_connection(sock=each)) for each in crowd]
        answers = [await guest.asks() for guest in guests]
        assert sum(b"200" in each for each in answers) == 2
        assert sum(b"503" in each for each in answers) == 6
        for guest in guests:
            await guest.leaves()


async def test_one_that_is_refused_and_says_nothing_is_not_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nor are many of them: beyond so many the connection is closed without a word."""
    monkeypatch.setattr(http_door, "FAREWELLS_MAX", 1)
    async with opened(1) as port:
        inside = await arrived(port)
        await inside.asks()
        refused, unheard = await arrived(port), await arrived(port)
        assert await unheard.rest() == b""
        assert (await refused.rest()).startswith(b"HTTP/1.1 503")
        for guest in (inside, refused, unheard):
            await guest.leaves()


async def test_it_is_told_over_tls_too(tmp_path: Path) -> None:
    """After the handshake, which has a time limit of its own."""
    made, key = certificate(tmp_path)
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ours.load_cert_chain(made, key)
    trust = ssl.create_default_context(cafile=made)
    async with opened(1, ours) as port:
        inside = await arrived(port, trust)
        assert await inside.asks() == b"HTTP/1.1 200 OK\r\n"
        refused = await arrived(port, trust)
        assert await refused.asks() == b"HTTP/1.1 503 Service Unavailable\r\n"
        for guest in (inside, refused):
            await guest.leaves()


async def test_a_handshake_that_does_not_come_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be a connection that nobody counts."""
    monkeypatch.setattr(http_door, "HANDSHAKE_S", 0.2)
    made, key = certificate(tmp_path)
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ours.load_cert_chain(made, key)
    async with opened(1, ours) as port:
        guest = await arrived(port)
        assert await guest.rest() == b""
        await guest.leaves()
