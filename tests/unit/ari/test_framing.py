"""Requests over the websocket: frames as Asterisk documents them, answers to whom they belong."""

from __future__ import annotations

import asyncio
import json

import pytest

from ivr.ari.errors import ConnectionCutError, MalformedEventError
from ivr.ari.events import StasisStart
from ivr.ari.framing import PendingRequests, RESTResponse, parse_message, rest_request
from ivr.ari.requests import Method, Request, Response
from tests.patience import PATIENCE_S
from tests.unit.ari.test_events import CAPTURED


def test_a_request_becomes_a_frame() -> None:
    """As rest-api/events.json describes RESTRequest; the query is not quoted."""
    request = Request(Method.GET, "channels/1/variable", {"variable": "A b&c=ü"})
    assert json.loads(rest_request(request, "7")) == {
        "type": "RESTRequest",
        "transaction_id": "",
        "request_id": "7",
        "method": "GET",
        "uri": "channels/1/variable",
        "query_strings": [{"name": "variable", "value": "A b&c=ü"}],
    }


def test_a_body_travels_as_a_string() -> None:
    """JSON inside of JSON."""
    body = '{"variables":{"A":"ü😀"}}'
    frame = json.loads(
        rest_request(Request(Method.POST, "channels/1/variables", body=body.encode()), "8")
    )
    assert frame["message_body"] == body
    assert frame["content_type"] == "application/json"


def test_a_captured_answer_is_read() -> None:
    """With status, reason and body."""
    reply = parse_message(CAPTURED["RESTResponse"])
    assert isinstance(reply, RESTResponse)
    assert reply.request_id == "1"
    assert (reply.response.status, reply.response.reason) == (200, "OK")
    assert json.loads(reply.response.body)["id"] == "m1"


def test_events_and_answers_share_the_websocket() -> None:
    """Each is told by its type."""
    assert isinstance(parse_message(CAPTURED["StasisStart"]), StasisStart)


def test_a_malformed_answer_is_named() -> None:
    """Like an event."""
    with pytest.raises(MalformedEventError, match=r"malformed RESTResponse at \$.status_code"):
        parse_message('{"type":"RESTResponse","request_id":"1","status_code":"200"}')


async def test_answers_find_who_asked() -> None:
    """In whatever order they come."""
    pending = PendingRequests()
    first, first_answer = pending.open()
    second, second_answer = pending.open()
    assert first != second
    assert pending.settle(RESTResponse(second, 204))
    assert pending.settle(RESTResponse(first, 200, "OK", "[]"))
    assert await first_answer == Response(200, "OK", b"[]")
    assert await second_answer == Response(204, "", b"")
    assert len(pending) == 0


async def test_an_answer_that_nobody_waits_for_is_let_go() -> None:
    """Who asked gave up, or never was."""
    pending = PendingRequests()
    asked, answer = pending.open()
    answer.cancel()
    assert not pending.settle(RESTResponse(asked, 200))
    assert not pending.settle(RESTResponse("", 400))


async def test_a_cut_tells_all_who_wait() -> None:
    """And nobody waits any longer."""
    pending = PendingRequests()
    _, waiting = pending.open()
    _, given_up = pending.open()
    given_up.cancel()
    pending.cut("http://pbx", "closed")
    with pytest.raises(ConnectionCutError, match=r"no ARI at http://pbx: closed; check ari\.url"):
        await asyncio.wait_for(waiting, PATIENCE_S)
    assert len(pending) == 0
