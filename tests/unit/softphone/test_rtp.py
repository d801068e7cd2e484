"""RTP packets and keys on the wire: there and back, and nothing but one error for the rest."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.lab.softphone import KeysError, MalformedError, dtmf, rtp
from ivr.lab.softphone.rtp import RtpPacket

packets = st.builds(
    RtpPacket,
    payload_type=st.integers(0, 71) | st.integers(77, 127),
    sequence=st.integers(0, 2**16 - 1),
    timestamp=st.integers(0, 2**32 - 1),
    ssrc=st.integers(0, 2**32 - 1),
    payload=st.binary(max_size=200),
    marker=st.booleans(),
)


@given(packets)
def test_packets_come_back_as_written(packet: RtpPacket) -> None:
    """Encoding and parsing are each other's inverse."""
    assert rtp.parse(packet.encode()) == packet


def test_padding_extension_and_sources_are_left_out() -> None:
    """Only the payload remains of a packet with everything that RFC 3550 allows."""
    head = bytes([0x80 | 0x20 | 0x10 | 1, 0x80, 0, 5, 0, 0, 0, 6, 0, 0, 0, 7])
    extension = b"\xbe\xde\x00\x01" + b"eeee"
    read = rtp.parse(head + b"ssss" + extension + b"voice" + b"\0\0\3")
    assert read == RtpPacket(0, 5, 6, 7, b"voice", marker=True)


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (b"\x80\0\0", "too few"),
        (b"\x00" * 12, "version 0"),
        (b"\x80\xc8" + b"\0" * 10, "RTCP"),
        (b"\x81\0" + b"\0" * 10, "longer than its packet"),
        (b"\x90\0" + b"\0" * 10, "extension cut short"),
        (b"\xa0\0" + b"\0" * 10 + b"\x09", "padding"),
        (b"\xa0\0" + b"\0" * 10 + b"\x00", "padding"),
    ],
)
def test_what_is_broken_is_named(broken: bytes, why: str) -> None:
    """Each malformation is an error that says what it is."""
    with pytest.raises(MalformedError, match=why):
        rtp.parse(broken)


@given(st.binary(max_size=60).map(lambda tail: b"\xb3" + tail) | st.binary(max_size=60))
def test_no_bytes_do_anything_but_parse_or_be_malformed(noise: bytes) -> None:
    """Whatever a peer sends, there is one error."""
    with suppress(MalformedError):
        assert len(rtp.parse(noise).payload) <= len(noise)


@pytest.mark.parametrize("key", dtmf.KEYS)
def test_a_key_press_lasts_100_ms_and_ends_three_times(key: str) -> None:
    """Five frames, growing durations, the end repeated; and it is heard once."""
    sent = [event for slot in dtmf.press(key) for event in slot]
    assert [event.duration for event in sent] == [160, 320, 480, 640, 800, 800, 800]
    assert [event.end for event in sent] == [False] * 4 + [True] * 3
    ears = dtmf.KeyListener()
    assert [ears.hear(event.encode(), 99) for event in sent] == [key] + [None] * 6


def test_a_press_is_heard_though_its_start_and_end_are_lost() -> None:
    """One packet of a press suffices, and the same key anew is another press."""
    ears = dtmf.KeyListener()
    middle = dtmf.KeyEvent("7", 320).encode()
    assert [ears.hear(middle, timestamp) for timestamp in (10, 10, 900)] == ["7", None, "7"]


def test_other_events_are_no_keys_and_cut_ones_are_malformed() -> None:
    """A hook flash is passed over; a short payload is an error."""
    assert dtmf.parse(b"\x10\x0a\x00\xa0") is None
    with pytest.raises(MalformedError):
        dtmf.parse(b"\x01\x0a")


@pytest.mark.parametrize("key", ["E", "", "12", " "])
def test_an_unknown_key_is_refused(key: str) -> None:
    """Only a telephone's keys can be pressed."""
    with pytest.raises(KeysError, match="no telephone key"):
        list(dtmf.press(key))
