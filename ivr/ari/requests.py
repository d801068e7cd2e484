"""A request to Asterisk and its answer, as values, whichever way they travel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol
from urllib.parse import quote

import msgspec

from ivr.ari.errors import AriRequestError

NOT_FOUND = 404
CONFLICT = 409


class Method(StrEnum):
    """What is done to a resource."""

    GET = "GET"
    POST = "POST"
    PUT = "PUT"
    DELETE = "DELETE"


@dataclass(frozen=True, slots=True)
class Request:
    """One operation on one resource.

    When the connection breaks before the answer came, nobody knows whether Asterisk acted. Then
    `again` is sent, once, over HTTP: each operation says there how to find out, or how to ask a
    second time without doing a thing twice; None repeats the request as it is.
    """

    method: Method
    path: str
    """Below `/ari/`, quoted, such as `channels/1763920000.1/answer`."""
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    """JSON. What is private goes here, for a query may end up in logs."""
    gone: frozenset[int] = frozenset()
    """Error statuses that are answers: what should be gone is gone, what is sought is not there."""
    again: Request | None = None
    over_http: bool = False
    """True where the websocket will not do: for files, and for what waits for a channel's own
    thread. Asterisk serves a websocket's requests one after another, so one that waits (4.3 s
    measured behind a playback) would hold up every other call's."""


@dataclass(frozen=True, slots=True)
class Response:
    """Asterisk's answer: `body` is JSON, a file, or empty."""

    status: int
    reason: str
    body: bytes = b""


class Requester(Protocol):
    """What the operations need: someone who sends a request and returns its answer."""

    async def request(self, request: Request, *, timeout_s: float | None = None) -> Response:
        """Return the answer, of a status below 300 or one that the request takes."""
        ...


def resource(*parts: str) -> str:
    """Join the parts of a path, each quoted: `resource("channels", id, "answer")`."""
    return "/".join(quote(part, safe="") for part in parts)


def tolerant(request: Request, *statuses: int) -> Request:
    """Return the request, taking some error statuses as well: the usual `Request.again`."""
    return replace(request, gone=request.gone | frozenset(statuses))


def accepted(request: Request, response: Response) -> Response:
    """Return the response, or raise `AriRequestError` where the request does not take it."""
    if response.status < 300 or response.status in request.gone:
        return response
    raise AriRequestError(response.status, request.method, request.path, explanation(response))


@dataclass(frozen=True, slots=True)
class _Failure:
    message: str = ""


_FAILURE = msgspec.json.Decoder(_Failure)


def explanation(response: Response) -> str:
    """Return Asterisk's own words for a failure, or the status line's where it has none."""
    try:
        return _FAILURE.decode(response.body).message or response.reason
    except (msgspec.DecodeError, UnicodeError):
        return response.reason
