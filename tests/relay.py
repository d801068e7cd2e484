"""A TCP relay that can be cut, held and taken away, to test how we live through a bad network."""

from __future__ import annotations

import asyncio
import re
import socket
from typing import Self

from ivr.lab.freeports import free_port

LOOPBACK = "127.0.0.1"
CHUNK_BYTES = 65536

_Ends = tuple[asyncio.StreamReader, asyncio.StreamWriter]

_REQUEST = re.compile(rb"[A-Z]+ (/[^ ?]*)[^\r\n]* HTTP/1\.1\r\n")


class Relay:
    """Listens on loopback and passes everything on to one server; `async with` runs it.

    A connection that arrives while the relay is held is accepted, and kept waiting. Where a `path`
    can be given, only the connections whose last HTTP request was for something below it are meant.
    """

    def __init__(self, port: int, host: str = LOOPBACK) -> None:
        """Take the server's address."""
        self._server_address = (host, port)
        self._listener: asyncio.Server | None = None
        self._links: set[_Link] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._held_path = ""
        self._barred_path: str | None = None
        self._toward_server = _open_gate()
        self._toward_client = _open_gate()
        self.port = 0
        """The port to connect to instead of the server's; it stays the same."""
        self.connections = 0
        """How many connections there have been."""
        self.withheld = asyncio.Event()
        """Set as soon as a held relay has something that it does not pass on."""

    @property
    def url(self) -> str:
        """The relay as the root of an HTTP server."""
        return f"http://{LOOPBACK}:{self.port}"

    async def __aenter__(self) -> Self:
        """Begin to listen."""
        await self.allow()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Listen no more, cut everything, and leave no connection open."""
        await self.refuse()
        for serving in self._serving:
            serving.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    def hold(self, path: str = "") -> None:
        """Pass nothing on, in either direction, as a network that lost its route."""
        self._held_path = path
        self.withheld.clear()
        self._toward_server.clear()
        self._toward_client.clear()

    def hold_replies(self) -> None:
        """Pass on what goes to the server and nothing that comes back."""
        self._held_path = ""
        self.withheld.clear()
        self._toward_client.clear()

    def resume(self) -> None:
        """Pass on again, first of all what was withheld on connections that still are."""
        self._toward_server.set()
        self._toward_client.set()

    def cut(self, path: str = "") -> None:
        """Break connections at once (with a reset), and lose what was withheld on them."""
        for link in self._links:
            if link.path.startswith(path):
                link.break_off()

    def bar(self, path: str) -> None:
        """Break every connection that asks for something below this path from now on."""
        self._barred_path = path

    def admit(self) -> None:
        """Let every request pass again."""
        self._barred_path = None

    async def refuse(self) -> None:
        """Accept no new connection, as if the server were not there."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    async def allow(self) -> None:
        """Accept connections, on the same port as before."""
        # None that the kernel might lend to somebody while we are away.
        self.port = self.port or free_port(socket.SOCK_STREAM)
        self._listener = await asyncio.start_server(self._accept, LOOPBACK, self.port)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving = asyncio.create_task(self._relay(reader, writer))
        self._serving.add(serving)
        serving.add_done_callback(self._serving.discard)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side ends it or it is cut."""
        self.connections += 1
        try:
            up_reader, up_writer = await asyncio.open_connection(*self._server_address)
        except ConnectionError:
            return
        else:
            try:
                await self._pass_on(_Link(), (reader, writer), (up_reader, up_writer))
            finally:
                _reset(up_writer)
        finally:
            _reset(writer)

    async def _pass_on(self, link: _Link, client: _Ends, server: _Ends) -> None:
        link.pumps = {
            asyncio.create_task(self._pump(link, client[0], server[1], self._toward_server)),
            asyncio.create_task(self._pump(link, server[0], client[1], self._toward_client)),
        }
        self._links.add(link)
        try:
            await asyncio.wait(link.pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            link.break_off()
            await asyncio.wait(link.pumps)
            self._links.discard(link)

    async def _pump(
        self,
        link: _Link,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        gate: asyncio.Event,
    ) -> None:
        try:
            while received := await reader.read(CHUNK_BYTES):
                link.note(received)
                if self._barred_path is not None and link.path.startswith(self._barred_path):
                    return
                while not gate.is_set() and link.path.startswith(self._held_path):
                    self.withheld.set()
                    await gate.wait()
                writer.write(received)
                await writer.drain()
        except ConnectionError:
            return


class _Link:
    """One connection through the relay; `path` is that of its last HTTP request, empty before."""

    def __init__(self) -> None:
        self.path = ""
        self.pumps: set[asyncio.Task[None]] = set()

    def note(self, received: bytes) -> None:
        """Take the path of a request; websocket frames of a client never look like one."""
        if found := _REQUEST.match(received):
            self.path = found[1].decode("latin-1")

    def break_off(self) -> None:
        """Stop to pass anything on."""
        for pump in self.pumps:
            pump.cancel()


def _open_gate() -> asyncio.Event:
    gate = asyncio.Event()
    gate.set()
    return gate


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close at once, whatever is still unsent."""
    endpoint = writer.get_extra_info("socket")
    if endpoint is not None and endpoint.fileno() >= 0:
        endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    writer.transport.abort()
