"""Session descriptions: Asterisk's are read, ours come back, useless ones are named."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.lab.softphone import PCMA, PCMU, MalformedError, sdp, sip
from tests.unit.softphone.messages import ANSWER


def test_asterisks_answer_is_read() -> None:
    """Address, codecs in its order, and the payload type of keys."""
    read = sdp.parse(sip.parse(ANSWER).body)
    assert read == sdp.Session("127.0.0.1", 26010, (PCMU, PCMA), 101)


def test_ours_come_back_as_written() -> None:
    """Encoding and parsing are each other's inverse."""
    for events_type in (101, None):
        ours = sdp.Session("10.0.0.1", 4000, (PCMA, PCMU), events_type)
        assert sdp.parse(ours.encode()) == ours


def test_the_stream_s_own_address_comes_first_and_others_are_passed_over() -> None:
    """A video stream before the audio, an address of the whole session, unknown codecs."""
    body = b"v=0\nc=IN IP4 1.1.1.1\nm=video 1 RTP/AVP 96\nc=IN IP4 2.2.2.2\n"
    body += b"m=audio 9 RTP/AVP 111 8 96\nc=IN IP4 3.3.3.3\na=rtpmap:96 telephone-event/8000\n"
    assert sdp.parse(body) == sdp.Session("3.3.3.3", 9, (PCMA,), 96)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"v=0\r\n", "without an audio stream"),
        (b"m=audio 9 RTP/AVP 0\r\n", "IPv4 address"),
        (b"c=IN IP6 ::1\r\nm=audio 9 RTP/AVP 0\r\n", "IPv4 address"),
        (b"c=IN IP4 1.1.1.1\r\nm=audio x RTP/AVP 0\r\n", "media line"),
        (b"c=IN IP4 1.1.1.1\r\nm=audio 9\r\n", "media line"),
        (b"c=IN IP4 1.1.1.1\r\nm=audio 70000 RTP/AVP 0\r\n", "port"),
    ],
)
def test_what_is_useless_is_named(body: bytes, why: str) -> None:
    """Each malformation is an error that says what it is."""
    with pytest.raises(MalformedError, match=why):
        sdp.parse(body)


@given(st.text(alphabet="vcma=audio IN4.\n019/RTP:é", max_size=120))
def test_no_text_does_anything_but_parse_or_be_malformed(noise: str) -> None:
    """Whatever a peer sends, there is one error."""
    with suppress(MalformedError):
        sdp.parse(noise.encode())
