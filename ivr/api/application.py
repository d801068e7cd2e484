"""The whole API as one aiohttp application: what holds for every request, and the faces in it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from uuid import UUID, uuid4

import structlog
from aiohttp import web

from ivr.api.face import (
    OPERATION,
    REQUEST_ID,
    Face,
    Handler,
    Reception,
    errors_by,
    sub_application,
)
from ivr.api.rendering import render_problem

log = structlog.get_logger()

SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""On every answer that says nothing else. Browsers heed HSTS over TLS alone (RFC 6797, 8.1)."""


def application(reception: Reception, faces: Iterable[Face]) -> web.Application:
    """Return the application with its faces mounted."""
    # The outer limit is aiohttp's own reading, which nothing here uses: see `bodies`.
    whole = web.Application(
        middlewares=[_dressed, errors_by(render_problem)], client_max_size=64 * 1024
    )
    for face in faces:
        whole.add_subapp(face.prefix, sub_application(face, reception))
    whole.router.add_get("/health/live", _live)
    whole.router.add_get("/health/ready", _readiness(reception))
    return whole


async def _live(_: web.Request) -> web.Response:
    """Say that the process answers."""
    return web.json_response({"status": "live"})


def _readiness(reception: Reception) -> Handler:
    """Return what says whether the database answers too; 503 where it does not."""

    async def ready(_: web.Request) -> web.StreamResponse:
        await reception.office.keys.find(UUID(int=0))
        return web.json_response({"status": "ready"})

    return ready


@web.middleware
async def _dressed(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give each request an id, and each answer that and the security headers; log one line."""
    request[REQUEST_ID] = str(uuid4())
    began_s = time.monotonic()
    response = await handler(request)
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["X-Request-Id"] = request[REQUEST_ID]
    log.info(
        "api_request",
        # Not the path, in which accounts are.
        operation=request.get(OPERATION, "none"),
        status=response.status,
        ms=round((time.monotonic() - began_s) * 1000, 1),
        request_id=request[REQUEST_ID],
    )
    return response
