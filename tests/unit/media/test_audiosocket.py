"""AudioSocket without a socket: what Asterisk 22.10 sent, any cut, and each malformation."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.media.audiosocket import (
    AudioSocketDecoder,
    Fault,
    Hello,
    Message,
    Pressed,
    Sound,
    Terminated,
    UnknownMessage,
    encode_message,
    parse_message,
)
from ivr.media.errors import MalformedAudioSocketError

ID = UUID("c815e59e-1c46-4faf-b923-266ec731d17f")
CAPTURED: list[tuple[bytes, Message]] = [
    (b"\x01\x00\x10\xc8\x15\xe5\x9e\x1cFO\xaf\xb9#&n\xc71\xd1\x7f", Hello(ID)),
    (b"\x10\x01\x40" + bytes(320), Sound(bytes(320))),
    (b"\x03\x00\x01*", Pressed("*")),
    (b"\x00\x00\x00", Terminated()),
    (b"\xff\x00\x01\x02", Fault(b"\x02")),
    (b"\x42\x00\x02ab", UnknownMessage(0x42, b"ab")),
]
WIRE = b"".join(raw for raw, _ in CAPTURED)


@pytest.mark.parametrize(("raw", "message"), CAPTURED)
def test_messages_round_trip(raw: bytes, message: Message) -> None:
    """What was read comes out as it went in."""
    assert parse_message(raw) == message
    assert encode_message(message) == raw


@given(st.lists(st.integers(0, len(WIRE)), max_size=8))
def test_bytes_may_be_cut_anywhere(cuts: list[int]) -> None:
    """However the network cuts them, the same messages come out."""
    decoder, messages = AudioSocketDecoder(), list[Message]()
    edges = [0, *sorted(cuts), len(WIRE)]
    for first, last in pairwise(edges):
        messages += decoder.push(WIRE[first:last])
    assert messages == [message for _, message in CAPTURED]


@given(st.binary(max_size=200))
def test_garbage_raises_nothing_but_the_named_error(data: bytes) -> None:
    """A stranger's bytes cannot end the program."""
    with suppress(MalformedAudioSocketError):
        whole = b"".join(map(encode_message, AudioSocketDecoder().push(data)))
        assert len(whole) <= len(data)


@pytest.mark.parametrize(
    ("raw", "what"),
    [(b"\x01\x00\x02ab", "id"), (b"\x03\x00\x00", "key"), (b"\x03\x00\x01x", "key")],
)
def test_malformations_are_named(raw: bytes, what: str) -> None:
    """An id of another length, and a key that no telephone has."""
    with pytest.raises(MalformedAudioSocketError) as found:
        AudioSocketDecoder().push(raw)
    assert found.value.what == what


def test_payload_that_no_length_can_tell_is_refused() -> None:
    """The length has two bytes."""
    with pytest.raises(MalformedAudioSocketError, match="65536 bytes"):
        encode_message(Sound(bytes(65_536)))
