"""Where Asterisk connects to: a thin shell that lets in those who may, and serves each call."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Network, IPv6Network
from typing import Self

import structlog

from ivr.agi.environment import Environment
from ivr.agi.errors import AgiListenError, MalformedAgiError
from ivr.agi.peers import may_enter
from ivr.agi.session import AgiSession, open_session

log = structlog.get_logger()

Serve = Callable[[AgiSession, Environment], Awaitable[None]]
"""Serves one call; the connection is closed when it returns."""


class AgiServer:
    """Listens while it is entered. FastAGI knows no password: who may connect is all its trust."""

    def __init__(
        self, host: str, port: int, allowed: tuple[IPv4Network | IPv6Network, ...], serve: Serve
    ) -> None:
        """Choose; nothing is listened on yet."""
        self._host = host
        self._port = port
        self._allowed = allowed
        self._serve = serve
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Listen; `AgiListenError` where that cannot be."""
        try:
            self._server = await asyncio.start_server(self._connected, self._host, self._port)
        except OSError as error:
            found = error.strerror or str(error)
            raise AgiListenError("agi.port", self._host, self._port, found) from error
        return self

    async def __aexit__(self, *_: object) -> None:
        """Listen no more, and cut off what is still served."""
        self.refuse()
        for connection in self._connections:
            connection.cancel()
        if self._connections:
            await asyncio.wait(self._connections)

    def refuse(self) -> None:
        """Listen no more: Asterisk finds the port closed, and its dialplan falls back."""
        if self._server is not None:
            self._server.close()

    async def drain(self) -> None:
        """Refuse new calls and wait for the end of those that are served."""
        self.refuse()
        if self._connections:
            await asyncio.wait(self._connections)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "asyncio runs each connection in a task"
        self._connections.add(task)
        try:
            if may_enter(writer.get_extra_info("peername"), self._allowed):
                await self._converse(reader, writer)
            else:
                log.warning("agi_peer_refused", why="not in agi.allow")
        except MalformedAgiError as error:
            log.warning("agi_not_understood", why=str(error))
        finally:
            writer.close()
            self._connections.discard(task)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened = await open_session(reader, writer)
        if opened is None:
            return
        session, environment = opened
        listening = asyncio.create_task(session.listen())
        try:
            await self._serve(session, environment)
        finally:
            await session.close()
            listening.cancel()
            await asyncio.wait({listening})
        if not listening.cancelled():
            listening.result()
