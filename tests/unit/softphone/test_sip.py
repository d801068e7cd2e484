"""SIP messages: captured ones are read, ours come back as written, broken ones are named."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.lab.softphone import MalformedError, sip
from ivr.lab.softphone.address import (
    host_and_port,
    items,
    name_address,
    parameter,
    sip_uri,
    uri_of,
)
from tests.unit.softphone.messages import ANSWER, BYE, wire

MINIMAL = """
OPTIONS sip:a@b SIP/2.0
v: SIP/2.0/UDP h;branch=z9hG4bK1
f: <sip:x@y>;tag=1
t: <sip:a@b>
i: id
CSeq: 7 OPTIONS
"""


def test_asterisks_answer_is_read() -> None:
    """Status, headers in any case, and a body of the announced length."""
    answer = sip.parse(ANSWER)
    assert isinstance(answer, sip.Response)
    assert (answer.status, answer.phrase) == (200, "OK")
    assert (sip.cseq_of(answer), sip.method_of(answer)) == (1, "INVITE")
    assert answer.headers["CONTACT"] == "<sip:127.0.0.1:25060>"
    assert answer.body.startswith(b"v=0")


def test_asterisks_bye_is_read() -> None:
    """Method, URI and the reason."""
    bye = sip.parse(BYE)
    assert isinstance(bye, sip.Request)
    assert (bye.method, bye.uri) == ("BYE", "sip:softphone@127.0.0.1:40000")
    assert bye.headers.as_dict()["Reason"] == "Q.850;cause=17"


def test_compact_and_folded_headers_are_read() -> None:
    """Short names stand for long ones, and a folded line is one line."""
    message = sip.parse(wire(MINIMAL + "Subject: one\n two\n") + b"\r\n\r\n")
    assert message.headers["From"] == "<sip:x@y>;tag=1"
    assert message.headers["Subject"] == "one two"


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (b"OPTIONS sip:a@b SIP/2.0", "empty line"),
        (wire(MINIMAL.replace("i: id\n", "")) + b"\r\n\r\n", "without call-id"),
        (wire(MINIMAL.replace("SIP/2.0\nv", "HTTP/1.1\nv")) + b"\r\n\r\n", "neither"),
        (wire(MINIMAL + "l: 5\n") + b"\r\n\r\nabc", "Content-Length"),
        (wire(MINIMAL + "l: -5\n") + b"\r\n\r\nabc", "Content-Length"),
        (wire(MINIMAL + "nonsense\n") + b"\r\n\r\n", "without a name"),
    ],
)
def test_what_is_broken_is_named(broken: bytes, why: str) -> None:
    """Each malformation is an error that says what it is."""
    with pytest.raises(MalformedError, match=why):
        sip.parse(broken)


@given(st.binary(max_size=300) | st.binary(max_size=60).map(lambda tail: BYE[:150] + tail))
def test_no_bytes_do_anything_but_parse_or_be_malformed(noise: bytes) -> None:
    """Whatever a peer sends, there is one error."""
    with suppress(MalformedError):
        sip.parse(noise)


@given(body=st.binary(max_size=100), value=st.text(st.characters(codec="utf-8", categories=["L"])))
def test_ours_come_back_as_written(body: bytes, value: str) -> None:
    """Encoding and parsing are each other's inverse."""
    fields = sip.headers(
        ("Via", ["one;branch=1", "two"]),
        ("From", value),
        ("To", "b"),
        ("Call-ID", "c"),
        ("CSeq", "1 INVITE"),
    )
    read = sip.parse(sip.Request("INVITE", "sip:a@b", fields, body).encode())
    assert isinstance(read, sip.Request)
    assert read.headers.all("via") == ["one;branch=1", "two"]
    assert (read.headers["From"], read.body) == (value, body)


def test_no_line_can_be_smuggled_into_a_header() -> None:
    """A line break in a value is refused, not sent."""
    fields = sip.headers(("Subject", "one\r\nTwo: three"))
    with pytest.raises(ValueError, match="line break"):
        sip.Request("INVITE", "sip:a@b", fields).encode()


def test_addresses_are_read_around_quotes_and_brackets() -> None:
    """A display name may contain what looks like syntax."""
    value = '"Bob; <the> \\"one\\", two" <sip:bob@h:5070;transport=udp>;tag=abc;x'
    assert uri_of(value) == "sip:bob@h:5070;transport=udp"
    assert (parameter(value, "tag"), parameter(value, "transport")) == ("abc", None)
    assert host_and_port(uri_of(value)) == ("h", 5070)
    assert items([f"{value}, <sip:two>", "sip:three"]) == [value, "<sip:two>", "sip:three"]


def test_user_parts_and_names_are_escaped() -> None:
    """Spaces, quotes and brackets in a number or a name cannot leave their place."""
    assert sip_uri("a b>#", "h", 5060) == "sip:a%20b%3E%23@h:5060"
    assert name_address('say "hi"\\', "sip:a@h") == '"say \\"hi\\"\\\\" <sip:a@h>'
