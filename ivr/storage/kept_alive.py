"""A connection of the pool: it notices a peer that is gone without a word."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import asyncpg

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]
else:
    # asyncpg's classes are generic in its stubs only.
    Connection = asyncpg.Connection

KEEPALIVE_IDLE_S = 15
KEEPALIVE_INTERVAL_S = 5
KEEPALIVE_PROBES = 3


class KeptAliveConnection(Connection):
    """A connection that notices a peer gone without a word, and needs no reset between uses."""

    def __init__(self, protocol: Any, transport: asyncio.Transport, *more: Any) -> None:
        super().__init__(protocol, transport, *more)
        _keep_alive(transport.get_extra_info("socket"))

    def get_reset_query(self) -> str:
        """Return nothing to run: no statement of ours leaves state in a session."""
        return ""

    async def close(self, *, timeout: float | None = None) -> None:
        """Close politely, or at once what is broken.

        The pool closes what it has expired in a task of its own, whose error nobody would fetch.
        """
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await super().close(timeout=timeout)


def _keep_alive(connected: socket.socket) -> None:
    if connected.family == socket.AF_UNIX:
        return
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_IDLE_S)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, KEEPALIVE_PROBES)
