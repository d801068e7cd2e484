"""How Countersign's own face reads keys and writes errors: bearer tokens and RFC 9457 problems."""

from __future__ import annotations

import msgspec
from aiohttp import web

from ivr.api.errors import ApiError

PROBLEM_TYPE = "application/problem+json"


class Problem(msgspec.Struct, frozen=True):
    """An error (RFC 9457): `code` is for programs, `detail` for people."""

    title: str
    status: int
    detail: str
    code: str
    request_id: str


def bearer(request: web.Request) -> str:
    """Return the bearer token (RFC 6750, 2.1), or an empty string."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def render_problem(error: ApiError, request_id: str) -> web.Response:
    """Write an error as a problem."""
    title = error.code.replace("_", " ").capitalize()
    problem = Problem(title, error.status, error.message, error.code, request_id)
    return web.Response(
        status=error.status,
        body=msgspec.json.encode(problem),
        content_type=PROBLEM_TYPE,
        headers=error.headers,
    )
