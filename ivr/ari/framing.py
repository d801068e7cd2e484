"""Requests over the events websocket: RESTRequest and RESTResponse, without a socket.

Asterisk's rest-api/events.json describes both. A reply comes between events, in the order of
the requests; its body is a string of JSON.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import msgspec

from ivr.ari.decoding import read_event, type_of
from ivr.ari.errors import ConnectionCutError
from ivr.ari.events import Event, parse_event_of
from ivr.ari.requests import Request, Response


@dataclass(frozen=True, slots=True)
class RESTResponse:
    """The answer to the RESTRequest of the same `request_id`."""

    request_id: str
    status_code: int
    reason_phrase: str = ""
    message_body: str | None = None

    @property
    def response(self) -> Response:
        """The answer as any other way would have brought it."""
        return Response(
            self.status_code, self.reason_phrase, (self.message_body or "").encode("utf-8")
        )


_REST_RESPONSE = msgspec.json.Decoder(RESTResponse)


def rest_request(request: Request, request_id: str) -> str:
    """Return the text frame that asks; query values travel as they are, unquoted."""
    frame: dict[str, object] = {
        "type": "RESTRequest",
        "transaction_id": "",
        "request_id": request_id,
        "method": request.method,
        "uri": request.path,
        "query_strings": [{"name": key, "value": value} for key, value in request.query.items()],
    }
    if request.body is not None:
        frame |= {"content_type": "application/json", "message_body": request.body.decode("utf-8")}
    return msgspec.json.encode(frame).decode("utf-8")


def parse_message(raw: bytes | str) -> Event | RESTResponse:
    """Read what came down the websocket; `MalformedEventError`."""
    kind = type_of(raw)
    if kind == "RESTResponse":
        return read_event(raw, _REST_RESPONSE, kind)
    return parse_event_of(kind, raw)


class PendingRequests:
    """The requests that wait for their answer, by id."""

    def __init__(self) -> None:
        """Begin with none."""
        self._waiting: dict[str, asyncio.Future[Response]] = {}
        self._issued = 0

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._waiting)

    def open(self) -> tuple[str, asyncio.Future[Response]]:
        """Return a new id and the future of its answer."""
        self._issued += 1
        request_id = str(self._issued)
        future = self._waiting[request_id] = asyncio.get_running_loop().create_future()
        return request_id, future

    def settle(self, reply: RESTResponse) -> bool:
        """Hand an answer to who waits for it; False where nobody does (he gave up)."""
        future = self._waiting.pop(reply.request_id, None)
        if future is None or future.done():
            return False
        future.set_result(reply.response)
        return True

    def forget(self, request_id: str) -> None:
        """Wait no longer for this one."""
        self._waiting.pop(request_id, None)

    def cut(self, url: str, found: str) -> None:
        """Tell all who wait that no answer will come: `ConnectionCutError`."""
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(ConnectionCutError(url, found))
        self._waiting.clear()
