"""Asterisk's end of a FastAGI connection, on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ivr.agi.session import AgiSession, open_session
from ivr.lab.freeports import LOOPBACK

HELLO = b"agi_network_script: verify?account=1\nagi_uniqueid: c1\n\n"


class Peer:
    """Asterisk's end of the connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def asked(self, reply: bytes) -> bytes:
        """Return the next command, and answer it."""
        line = await self.reader.readline()
        self.writer.write(reply)
        return line


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[AgiSession, Peer]]:
    """Join a session to a peer over a real socket."""
    arrivals: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
    server = await asyncio.start_server(lambda *pair: arrivals.put_nowait(pair), LOOPBACK, 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        peer = Peer(*await asyncio.open_connection(LOOPBACK, port))
        peer.writer.write(HELLO)
        opened = await open_session(*await arrivals.get())
        assert opened is not None
        session, environment = opened
        assert environment.arguments == ("verify", "account=1")
        listening = asyncio.create_task(session.listen())
        try:
            yield session, peer
        finally:
            await session.close()
            peer.writer.close()
            await listening
