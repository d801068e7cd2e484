"""Control messages: what Asterisk 22.10.1 really sent comes out as it went in."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.media import control
from ivr.media.control import (
    EVENTS,
    ControlEvent,
    DtmfEnd,
    MediaBufferingCompleted,
    MediaFault,
    MediaMarkProcessed,
    MediaStart,
    MediaStatus,
    MediaXoff,
    MediaXon,
    QueueDrained,
    UnknownControl,
    encode_event,
    parse_control,
)
from ivr.media.errors import MalformedControlError

CONNECTION = "2914de38-e4aa-4d81-a48a-e887fee4fc83"
CAPTURED: dict[str, ControlEvent] = {
    '{"event":"MEDIA_START","connection_id":"' + CONNECTION + '",'
    '"channel":"WebSocket/INCOMING/0x7fcd74002ca0","channel_id":"m1","format":"slin",'
    '"optimal_frame_size":320,"ptime":20,"channel_variables":{"MEDIA_WEBSOCKET_CONNECTION_ID":"'
    + CONNECTION
    + '","MEDIA_WEBSOCKET_OPTIMAL_FRAME_SIZE":"320"}}': MediaStart(
        CONNECTION,
        "WebSocket/INCOMING/0x7fcd74002ca0",
        "m1",
        "slin",
        320,
        20,
        {
            "MEDIA_WEBSOCKET_CONNECTION_ID": CONNECTION,
            "MEDIA_WEBSOCKET_OPTIMAL_FRAME_SIZE": "320",
        },
    ),
    '{"event":"STATUS","channel_id":"m1","queue_length":1000,"xon_level":800,"xoff_level":900,'
    '"queue_full":true,"bulk_media":false,"media_paused":false}': MediaStatus(
        "m1", 1000, 800, 900, True, False, False
    ),
    '{"event":"MEDIA_BUFFERING_COMPLETED","channel_id":"m1","correlation_id":"p1"}': (
        MediaBufferingCompleted("m1", "p1")
    ),
    '{"event":"MEDIA_MARK_PROCESSED","channel_id":"m1","correlation_id":"k1"}': (
        MediaMarkProcessed("m1", "k1")
    ),
    '{"event":"QUEUE_DRAINED","channel_id":"m1"}': QueueDrained("m1"),
    '{"event":"MEDIA_XOFF","channel_id":"m1"}': MediaXoff("m1"),
    '{"event":"MEDIA_XON","channel_id":"m1"}': MediaXon("m1"),
    '{"event":"DTMF_END","channel_id":"m1","digit":"#"}': DtmfEnd("m1", "#"),
    '{"event":"ERROR","channel_id":"m1","error_text":"Unable to parse JSON command"}': MediaFault(
        "m1", "Unable to parse JSON command"
    ),
}


@pytest.mark.parametrize("text", CAPTURED)
def test_captured_message_is_read_and_written_back(text: str) -> None:
    """Every captured message becomes its dataclass, and the same bytes again."""
    assert parse_control(text) == CAPTURED[text]
    assert encode_event(parse_control(text)) == text


def test_every_known_event_has_a_captured_example() -> None:
    """No event is known only from the documentation."""
    assert {type(event) for event in CAPTURED.values()} == set(EVENTS.values())


def test_newer_event_is_tolerated() -> None:
    """An event that we do not know is no error."""
    assert parse_control('{"event":"MEDIA_DREAMT","depth":7}') == UnknownControl("MEDIA_DREAMT")


def test_newer_field_is_tolerated() -> None:
    """A field that we do not know is ignored."""
    assert parse_control('{"event":"MEDIA_XON","channel_id":"m1","mood":"calm"}') == MediaXon("m1")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "control message"),
        ("MEDIA_START format:slin", "control message"),
        ("[]", "control message"),
        ("{}", "control message"),
        ('{"event":7}', "control message"),
        ('{"event":"STATUS","channel_id":"m1"}', "STATUS"),
        ('{"event":"DTMF_END","channel_id":"m1","digit":5}', "DTMF_END"),
        ("[" * 100_000, "control message"),
    ],
)
def test_malformed_message_names_the_event(text: str, named: str) -> None:
    """A message that cannot be read raises the one error, which says which event it was."""
    with pytest.raises(MalformedControlError, match=f"^malformed {named}: "):
        parse_control(text)


@given(st.binary() | st.text())
def test_any_text_is_read_or_named_malformed(text: str | bytes) -> None:
    """Nothing that a peer can send raises anything else."""
    try:
        event = parse_control(text)
    except MalformedControlError:
        return
    assert isinstance(event, ControlEvent)


@pytest.mark.parametrize(
    ("command", "fields"),
    [
        (control.start_media_buffering(), {"command": "START_MEDIA_BUFFERING"}),
        (
            control.stop_media_buffering("3"),
            {"command": "STOP_MEDIA_BUFFERING", "correlation_id": "3"},
        ),
        (control.mark_media("3"), {"command": "MARK_MEDIA", "correlation_id": "3"}),
        (control.flush_media(), {"command": "FLUSH_MEDIA"}),
        (control.report_queue_drained(), {"command": "REPORT_QUEUE_DRAINED"}),
        (control.get_status(), {"command": "GET_STATUS"}),
        (control.hang_up(), {"command": "HANGUP"}),
    ],
)
def test_command_is_one_json_object(command: str, fields: dict[str, str]) -> None:
    """A command is what chan_websocket reads in its JSON format."""
    assert json.loads(command) == fields
