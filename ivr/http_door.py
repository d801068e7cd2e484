"""The door of an HTTP server of ours: so many connections together, and none for nothing."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any, Final

import structlog
from aiohttp import web

from ivr.http_log import http_logger

log = structlog.get_logger()

IDLE_S: Final = 75.0
"""So long may a connection bring no whole head of a request, from its beginning or from the answer
before. Longer than a proxy keeps one that it means to use again (nginx: 60 s)."""
HANDSHAKE_S: Final = 10.0
"""So long may TLS take to begin."""
FAREWELL_S: Final = 1.0
"""So long may whoever is refused take to send something: unread, it could cost him the refusal."""
FAREWELLS_MAX: Final = 100
"""So many are refused in words at the same time; others find the connection closed."""
_WHY: Final = b"too many connections; try again\n"
REFUSED: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: %d\r\n"
    b"Retry-After: 5\r\n"
    b"Connection: close\r\n"
    b"\r\n"
    b"%b"
) % (len(_WHY), _WHY)


def served(application: web.Application, name: str, **more: Any) -> web.AppRunner:
    """Return what serves an application by these rules; `name`: of its logger."""
    return web.AppRunner(
        application,
        access_log=None,
        logger=http_logger(name),
        keepalive_timeout=IDLE_S,
        **more,
    )


class Door(web.BaseSite):
    """`web.TCPSite` that lets only `at_once` connections in; the others are told 503 and closed.

    A connection that is cut off counts until its request is done with.
    """

    def __init__(
        self,
        runner: web.AppRunner,
        host: str,
        port: int,
        at_once: int,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Take a runner that was set up; `tls`: the server's side of it."""
        super().__init__(runner, ssl_context=tls)
        self._where = host, port
        self._at_once = at_once
        self.turned_away: set[asyncio.BaseTransport] = set()
        """Who is being told that there is no room."""
        self._full = False

    @property
    def name(self) -> str:
        """Where it is, for people."""
        host, port = self._where
        return f"{'https' if self._ssl_context else 'http'}://{host}:{port}"

    async def start(self) -> None:
        """Listen; `OSError` where that cannot be."""
        await super().start()
        self._server = await asyncio.get_running_loop().create_server(
            self._arrived,
            *self._where,
            ssl=self._ssl_context,
            ssl_handshake_timeout=HANDSHAKE_S if self._ssl_context else None,
            backlog=self._backlog,
        )

    def admitted(self) -> asyncio.Protocol | None:
        """Return what serves one more connection, None where there is no room."""
        server = self._runner.server
        assert server is not None, "the runner was set up"
        full, self._full = self._full, len(server.connections) >= self._at_once
        if not self._full:
            return server()
        if not full:
            log.warning("connections_refused", door=self.name, at_once=self._at_once)
        return None

    def _arrived(self) -> asyncio.Protocol:
        return _Arrived(self)


class _Arrived(asyncio.Protocol):
    """A connection before the door: goes in, or hears that there is no room and is closed.

    It is decided once it is made, since many may be accepted before the first of them is.
    """

    def __init__(self, door: Door) -> None:
        self._door = door

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hand over to the server; or refuse, and stay until what was sent can have come."""
        assert isinstance(transport, asyncio.Transport), "TCP, or TLS over it"
        self._transport = transport
        inside = self._door.admitted()
        if inside is not None:
            transport.set_protocol(inside)
            inside.connection_made(transport)
        elif len(self._door.turned_away) >= FAREWELLS_MAX:
            transport.abort()
        else:
            self._door.turned_away.add(transport)
            transport.write(REFUSED)
            asyncio.get_running_loop().call_later(FAREWELL_S, transport.abort)

    def data_received(self, data: bytes) -> None:
        """Hang up on whoever was refused."""
        self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Make room for another refusal."""
        self._door.turned_away.discard(self._transport)
