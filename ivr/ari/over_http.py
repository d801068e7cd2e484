"""Requests over HTTP: for files, for what waits, and while the websocket is down."""

from __future__ import annotations

import aiohttp
from yarl import URL

from ivr.ari.address import AriAddress
from ivr.ari.errors import AriError, AriUnauthorizedError, AriUnreachableError, ConnectionCutError
from ivr.ari.requests import Request, Response

CONNECTIONS_MAX = 32
"""Well below http.conf's default `sessionlimit` of 100, which media and other clients share."""

KEEPALIVE_S = 5.0
"""Below http.conf's default `session_keep_alive` of 15 s: a pooled connection is never stale."""

UNAUTHORIZED = 401


def open_session(address: AriAddress) -> aiohttp.ClientSession:
    """Return a session that carries our credentials in a header, never in an address."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=CONNECTIONS_MAX, keepalive_timeout=KEEPALIVE_S),
        headers={"Authorization": address.authorization},
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
    )


async def send_over_http(
    session: aiohttp.ClientSession, address: AriAddress, request: Request
) -> Response:
    """Ask and return the answer whatever its status, but 401 is `AriUnauthorizedError`.

    Raises `AriUnreachableError` where no connection could be made, `ConnectionCutError` where
    one broke before the answer was complete.
    """
    url = URL(address.resource(request.path), encoded=True).with_query(request.query)
    headers = {} if request.body is None else {"Content-Type": "application/json"}
    try:
        async with session.request(
            request.method, url, data=request.body, headers=headers, allow_redirects=False
        ) as reply:
            body = await reply.read()
    except aiohttp.ClientError as error:
        raise translated(error, address) from error
    if reply.status == UNAUTHORIZED:
        raise AriUnauthorizedError(address.url, address.user)
    return Response(reply.status, reply.reason or "", body)


def translated(error: aiohttp.ClientError, address: AriAddress) -> AriError:
    """Return our error for one of aiohttp's: this and `websocket.py` are the seam."""
    if isinstance(error, aiohttp.WSServerHandshakeError):
        return _refusal(error.status, address)
    if isinstance(error, aiohttp.ClientConnectorError):
        return AriUnreachableError(address.url, error.os_error.strerror or "cannot connect")
    if isinstance(error, aiohttp.ClientConnectionError | aiohttp.ClientPayloadError):
        return ConnectionCutError(address.url, "the connection broke")
    return AriUnreachableError(address.url, type(error).__name__)


def _refusal(status: int, address: AriAddress) -> AriError:
    if status == UNAUTHORIZED:
        return AriUnauthorizedError(address.url, address.user)
    return AriUnreachableError(address.url, f"the events websocket is refused with status {status}")
