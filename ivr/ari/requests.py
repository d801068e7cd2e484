"""A request to Asterisk and its answer, and how both travel over the events websocket.

No socket here: a request becomes a text frame, a text frame becomes an answer. The same request
can go over HTTP (http.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol
from urllib.parse import quote


class Method(StrEnum):
    """What is done to a resource."""

    GET = "GET"
    POST = "POST"
    PUT = "PUT"
    DELETE = "DELETE"


@dataclass(frozen=True, slots=True)
class Request:
    """One operation on one resource.

    A request whose answer was lost with the websocket is sent once more over HTTP. `gone` are
    the error statuses that are as good as success at any time (the aim is that something be
    gone, and it is); `settled` are those that are as good as success for that second try alone,
    since they show that the first one had its effect.
    """

    method: Method
    path: str
    """Below `/ari/`, quoted, such as `channels/1763920000.1/answer`."""
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    """JSON. What is private goes here, for a query ends up in logs."""
    gone: frozenset[int] = frozenset()
    settled: frozenset[int] = frozenset()
    over_http: bool = False
    """True where Asterisk answers over HTTP only (files)."""


@dataclass(frozen=True, slots=True)
class Response:
    """Asterisk's answer: `body` is JSON, a file, or empty."""

    status: int
    reason: str
    body: bytes


class Requester(Protocol):
    """What the operations need: someone who sends a request and returns its answer."""

    async def request(self, request: Request, *, timeout_s: float | None = None) -> Response:
        """Return the answer, of a status below 400 or one that the request tolerates."""
        ...


def resource(*parts: str) -> str:
    """Join the parts of a path, each quoted: `resource("channels", id, "answer")`."""
    return "/".join(quote(part, safe="") for part in parts)
