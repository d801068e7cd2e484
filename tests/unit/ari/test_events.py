"""Events: captured ones are read in full, strange ones are tolerated, malformed ones are named.

`captured.jsonl` holds what an Asterisk 22.10.1 sent, one message a line.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.ari.errors import MalformedEventError
from ivr.ari.events import (
    EVENTS,
    ApplicationReplaced,
    BridgeDestroyed,
    ChannelDestroyed,
    ChannelDtmfReceived,
    ChannelHangupRequest,
    Event,
    PlaybackFinished,
    RecordingFailed,
    RecordingFinished,
    StasisStart,
    UnknownEvent,
    parse_event,
)

CAPTURED = {
    json.loads(line)["type"]: line
    for line in (Path(__file__).parent / "captured.jsonl").read_text(encoding="utf-8").splitlines()
}

FAILED = """{"type":"RecordingFailed","timestamp":"2026-11-23T18:17:53.643+0000","application":"a",
"recording":{"name":"r1","format":"wav","state":"failed","target_uri":"channel:c1","cause":"full"}}
"""
"""After rest-api/recordings.json; Asterisk could not be brought to send one."""

MESSAGES = [*CAPTURED.values(), FAILED]


@pytest.mark.parametrize("kind", [event.__name__ for event in EVENTS])
def test_every_event_is_read_as_its_type(kind: str) -> None:
    """Each type that we know has a message, and becomes the class of that name."""
    event = parse_event(CAPTURED.get(kind, FAILED))
    assert type(event).__name__ == kind
    assert event.application
    assert event.timestamp


def test_a_stasis_start_carries_arguments_and_channel() -> None:
    """The whole of what a call is adopted from."""
    event = parse_event(CAPTURED["StasisStart"])
    assert isinstance(event, StasisStart)
    assert event.args == ("verify", "100")
    assert (event.channel.id, event.channel.state) == ("c1", "Up")
    assert event.channel.caller.number == "100"
    assert event.channel.language == "en"
    assert event.channel.dialplan is not None
    assert event.channel.dialplan.app_name == "Stasis"
    assert event.application == "countersign"
    assert event.replace_channel is None


def test_what_happens_to_a_call_carries_its_details() -> None:
    """Keys, hang-ups and their causes, playbacks, recordings, bridges."""
    key = parse_event(CAPTURED["ChannelDtmfReceived"])
    assert isinstance(key, ChannelDtmfReceived)
    assert (key.digit, key.duration_ms) == ("1", 100)
    request = parse_event(CAPTURED["ChannelHangupRequest"])
    assert isinstance(request, ChannelHangupRequest)
    assert (request.cause, request.soft) == (32, True)
    destroyed = parse_event(CAPTURED["ChannelDestroyed"])
    assert isinstance(destroyed, ChannelDestroyed)
    assert (destroyed.cause, destroyed.cause_txt) == (16, "Normal Clearing")
    playback = parse_event(CAPTURED["PlaybackFinished"])
    assert isinstance(playback, PlaybackFinished)
    assert (playback.playback.id, playback.playback.state) == ("p1", "done")
    recording = parse_event(CAPTURED["RecordingFinished"])
    assert isinstance(recording, RecordingFinished)
    assert (recording.recording.name, recording.recording.duration) == ("r1", 0)
    failed = parse_event(FAILED)
    assert isinstance(failed, RecordingFailed)
    assert failed.recording.cause == "full"
    bridge = parse_event(CAPTURED["BridgeDestroyed"])
    assert isinstance(bridge, BridgeDestroyed)
    assert bridge.bridge.name == "countersign"


def test_an_event_without_use_for_us_is_unknown_by_name() -> None:
    """It is tolerated, and says what it is."""
    event = parse_event(CAPTURED["ChannelDialplan"])
    assert isinstance(event, UnknownEvent)
    assert event.type == "ChannelDialplan"
    assert parse_event('{"type":"FromTheFuture","what":[1]}') == UnknownEvent(type="FromTheFuture")


def test_fields_from_the_future_are_tolerated() -> None:
    """An Asterisk that says more than ours is understood."""
    message = json.loads(CAPTURED["StasisStart"])
    message["mood"] = {"deep": [1]}
    message["channel"]["colour"] = 7
    assert parse_event(json.dumps(message)) == parse_event(CAPTURED["StasisStart"])


def test_an_older_asterisk_may_say_less() -> None:
    """Without what came after Asterisk 13, a channel is still a channel."""
    message = json.loads(CAPTURED["StasisStart"])
    for missing in ("protocol_id", "language", "creationtime", "accountcode"):
        message["channel"].pop(missing)
    for missing in ("app_name", "app_data"):
        message["channel"]["dialplan"].pop(missing)
    message.pop("asterisk_id")
    event = parse_event(json.dumps(message))
    assert isinstance(event, StasisStart)
    assert event.channel.protocol_id == ""


def test_bytes_and_text_read_the_same() -> None:
    """Both are what a websocket library may hand us."""
    text = CAPTURED["ApplicationReplaced"]
    assert parse_event(text.encode()) == parse_event(text)
    assert isinstance(parse_event(text), ApplicationReplaced)


@pytest.mark.parametrize(
    ("message", "kind", "path", "found"),
    [
        ('{"type":"StasisStart"}', "StasisStart", "$", "missing required field `args`"),
        (
            '{"type":"StasisStart","args":["secret-4711",4711],"channel":{}}',
            "StasisStart",
            "$.args[1]",
            "Expected `str`, got `int`",
        ),
        (
            '{"type":"StasisEnd","channel":{"id":"1","name":"secret-4711","state":null}}',
            "StasisEnd",
            "$.channel.state",
            "Expected `str`, got `null`",
        ),
        ('{"type":7}', "message", "$.type", "Expected `str`, got `int`"),
        ("{}", "message", "$", "missing required field `type`"),
        ("[1]", "message", "$", "Expected `object`, got `array`"),
        ("", "message", "$", "truncated"),
        ('{"type":"secret-4711', "message", "$", "truncated"),
        (b'{"type":"\xff"}', "message", "$", "UTF-8"),
        ('{"a":' + "[" * 100_000, "message", "$", "nested too deeply"),
    ],
)
def test_a_malformed_event_is_named_without_its_content(
    message: bytes | str, kind: str, path: str, found: str
) -> None:
    """The error says which event, where in it and what is wrong, and quotes nothing private."""
    with pytest.raises(MalformedEventError) as caught:
        parse_event(message)
    assert caught.value.kind == kind
    assert caught.value.path == path
    assert found in caught.value.found
    assert "4711" not in str(caught.value)
    assert caught.value.__cause__ is None


@given(st.binary() | st.text())
def test_anything_is_an_event_or_malformed(raw: bytes | str) -> None:
    """Whatever comes down the wire, nothing else happens."""
    assert_event_or_malformed(raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.sampled_from(MESSAGES), st.data())
def test_a_real_event_gone_wrong_is_an_event_or_malformed(
    message: str, data: st.DataObject
) -> None:
    """A value replaced by any other, anywhere in a captured event."""
    tree = json.loads(message)
    node = tree
    while True:
        key = data.draw(st.sampled_from(sorted(node)))
        if not isinstance(node[key], dict) or not node[key] or data.draw(st.booleans()):
            break
        node = node[key]
    node[key] = data.draw(JSON)
    assert_event_or_malformed(json.dumps(tree))


@given(st.sampled_from(MESSAGES), st.data())
def test_a_damaged_event_is_an_event_or_malformed(message: str, data: st.DataObject) -> None:
    """Some bytes of a captured event replaced by any others, or cut out."""
    raw = message.encode()
    start = data.draw(st.integers(0, len(raw)))
    end = data.draw(st.integers(start, min(len(raw), start + 8)))
    assert_event_or_malformed(raw[:start] + data.draw(st.binary(max_size=8)) + raw[end:])


def assert_event_or_malformed(raw: bytes | str) -> None:
    """Anything but an `Event` or a `MalformedEventError` fails."""
    with contextlib.suppress(MalformedEventError):
        assert isinstance(parse_event(raw), Event)
