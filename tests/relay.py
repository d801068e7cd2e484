"""A TCP relay that can be cut, held and taken away, to test how we live through a bad network."""

from __future__ import annotations

import asyncio
import socket
from types import TracebackType
from typing import Self

LOOPBACK = "127.0.0.1"
CHUNK_BYTES = 65536


class Relay:
    """Listens on loopback and passes everything on to one server; `async with` runs it.

    A connection that arrives while the relay is held is accepted, and kept waiting.
    """

    def __init__(self, port: int, host: str = LOOPBACK) -> None:
        """Take the server's address."""
        self._server_address = (host, port)
        self._listener: asyncio.Server | None = None
        self._pumps: set[asyncio.Task[None]] = set()
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

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Cut everything and listen no more."""
        await self.refuse()
        self.cut()

    def hold(self) -> None:
        """Pass nothing on, in either direction, as a network that lost its route."""
        self.withheld.clear()
        self._toward_server.clear()
        self._toward_client.clear()

    def hold_replies(self) -> None:
        """Pass on what goes to the server and nothing that comes back."""
        self.withheld.clear()
        self._toward_client.clear()

    def resume(self) -> None:
        """Pass on again, first of all what was withheld on connections that still are."""
        self._toward_server.set()
        self._toward_client.set()

    def cut(self) -> None:
        """Break all connections at once (with a reset), and lose what was withheld on them."""
        for pump in self._pumps:
            pump.cancel()

    async def refuse(self) -> None:
        """Accept no new connection, as if the server were not there."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    async def allow(self) -> None:
        """Accept connections, on the same port as before."""
        self._listener = await asyncio.start_server(self._relay, LOOPBACK, self.port)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until either side ends it or it is cut."""
        self.connections += 1
        try:
            up_reader, up_writer = await asyncio.open_connection(*self._server_address)
        except ConnectionError:
            _reset(writer)
            return
        pumps = {
            asyncio.create_task(self._pump(reader, up_writer, self._toward_server)),
            asyncio.create_task(self._pump(up_reader, writer, self._toward_client)),
        }
        self._pumps |= pumps
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for pump in pumps:
            pump.cancel()
        await asyncio.wait(pumps)
        self._pumps -= pumps
        for end in (writer, up_writer):
            _reset(end)

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, gate: asyncio.Event
    ) -> None:
        try:
            while received := await reader.read(CHUNK_BYTES):
                if not gate.is_set():
                    self.withheld.set()
                    await gate.wait()
                writer.write(received)
                await writer.drain()
        except ConnectionError:
            return


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
