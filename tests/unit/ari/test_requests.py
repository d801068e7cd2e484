"""Requests as values: quoting, which answers are taken, and in whose words a refusal is told."""

from __future__ import annotations

import pytest

from ivr.ari.errors import AriRequestError
from ivr.ari.requests import Method, Request, Response, accepted, explanation, resource, tolerant


def test_every_part_of_a_path_is_quoted() -> None:
    """An id can hold anything, and stays one part."""
    assert resource("recordings", "live", "a/b c%ü;2", "stop") == (
        "recordings/live/a%2Fb%20c%25%C3%BC%3B2/stop"
    )


def test_success_is_taken_and_a_redirection_is_not() -> None:
    """200, 201 and 204 are what Asterisk uses; whoever redirects is not Asterisk."""
    request = Request(Method.POST, "channels/1/answer")
    response = Response(204, "No Content")
    assert accepted(request, response) is response
    with pytest.raises(AriRequestError, match="302 Found"):
        accepted(request, Response(302, "Found"))


def test_an_error_status_is_taken_by_a_request_that_says_so() -> None:
    """And by no other."""
    request = Request(Method.DELETE, "channels/1")
    response = Response(404, "Not Found", b'{"message":"Channel not found"}')
    assert accepted(tolerant(request, 404), response) is response
    with pytest.raises(AriRequestError) as caught:
        accepted(tolerant(request, 409), response)
    assert str(caught.value) == "DELETE channels/1: 404 Channel not found"
    assert (caught.value.status, caught.value.reason) == (404, "Channel not found")


@pytest.mark.parametrize("body", [b"", b"not json", b"[]", b'{"message":7}', b"\xff", b'{"a":1}'])
def test_a_refusal_without_words_is_told_by_its_status_line(body: bytes) -> None:
    """Whatever the body is."""
    assert explanation(Response(500, "Internal Server Error", body)) == "Internal Server Error"


def test_a_refusals_own_words_come_first() -> None:
    """Asterisk puts them into `message`."""
    assert explanation(Response(409, "Conflict", b'{"message":"Channel busy"}')) == "Channel busy"
