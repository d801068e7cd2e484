"""What every request must pass and every answer carries: sessions, CSRF, and the page's limits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import structlog
from aiohttp import web

from ivr.desk.address import Address
from ivr.desk.sessions import Session, Sessions, is_csrf
from ivr.domain.desk import Role
from ivr.ports import StoreUnavailableError

COOKIE = "__Host-countersign"
"""The prefix makes browsers refuse it unless Secure, for this host alone, and for all its paths."""
CSRF_HEADER = "X-CSRF-Token"

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}
"""https://developer.mozilla.org/docs/Web/HTTP/Guides/CSP: nothing but what we serve ourselves.

Not `no-referrer`: browsers then send `Origin: null` with our own forms too (Fetch, 4.6).
"""

ARRIVES_S: Final = 10.0
"""So long may a body take: a name and a password, or some words of JSON."""

log = structlog.get_logger()

T = TypeVar("T")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Guard:
    """Says who asks, and refuses who may not."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions

    async def whose(self, request: web.Request) -> Session | None:
        """Return who is signed in, or None."""
        return await self.sessions.of(request.cookies.get(COOKIE))

    async def signed_in(self, request: web.Request, *roles: Role) -> Session:
        """Return who asks; 401 where nobody is signed in, 403 where it is not of these roles."""
        session = await self.whose(request)
        if session is None:
            raise web.HTTPUnauthorized(text="sign in first")
        if roles and session.user.role not in roles:
            raise web.HTTPForbidden(text="this is not for your role")
        return session

    async def changing(self, request: web.Request, *roles: Role) -> Session:
        """Return who asks for a change, as `signed_in`; 403 where no page of ours asked for it."""
        session = await self.signed_in(request, *roles)
        if not is_csrf(session, request.headers.get(CSRF_HEADER, "")):
            raise web.HTTPForbidden(text="load the page anew: its token does not hold")
        return session


def from_elsewhere(request: web.Request, desk: Address) -> bool:
    """Say whether a page of another site than the desk's sent this, as every browser tells."""
    origin = request.headers.get("Origin")
    if origin is None:
        return request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin")
    return not desk.is_origin(origin, request.host)


async def arrived(reading: Awaitable[T]) -> T:
    """Return what is read of a body; 408 where it takes too long."""
    try:
        async with asyncio.timeout(ARRIVES_S):
            return await reading
    except TimeoutError:
        raise web.HTTPRequestTimeout(text=f"the body took more than {ARRIVES_S:g} s") from None


@web.middleware
async def limits(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Put the page's limits on every answer; a store that is away is 503, never a page of errors.

    A stream has sent its headers already when it comes back; those are put on it where it begins.
    """
    try:
        response = await handler(request)
    except web.HTTPException as refused:
        refused.headers.update(HEADERS)
        raise
    except StoreUnavailableError as error:
        log.warning("desk_unavailable", why=str(error))
        text = "the database cannot be reached; try again in a moment"
        response = web.Response(status=503, text=text)
    if not response.prepared:
        response.headers.update(HEADERS)
    return response
