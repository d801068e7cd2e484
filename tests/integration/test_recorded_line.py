"""Calls without chan_websocket: what is keyed, and what ends, while Asterisk plays or records."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from ivr.domain.prompt import Prompt
from ivr.line.capability import MediaWay
from ivr.line.names import Kind, Names
from ivr.ports import Call, Frame, Key, KeysMissed, PromptEnded
from tests.integration.line_caller import eventually
from tests.integration.line_stage import Stage, listened, next_of, ramp, write_sounds
from tests.patience import PATIENCE_S
from tests.relay import Relay

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

EVENTS = "/ari/events"
RECORDED_S = 0.2
"""So much at least is recorded before the first key."""
GRACE_S = 3.0
"""In this time the line has learnt what there is to learn when its events are back."""


@pytest_asyncio.fixture(loop_scope="module")
async def relay(stage: Stage) -> AsyncIterator[Relay]:
    """A network between us and Asterisk that can fail."""
    async with Relay(stage.asterisk.http_port) as relay:
        yield relay


@pytest_asyncio.fixture(loop_scope="module")
async def recorded(stage: Stage, relay: Relay, tmp_path: Path) -> AsyncIterator[Stage]:
    """A line on which Asterisk plays and records."""
    sounds = write_sounds(tmp_path / "sounds")
    way = MediaWay.RECORDING
    async with stage.switchboard(url=relay.url, backoff_s=0.1, way=way, sounds=sounds):
        yield stage


def cut(relay: Relay) -> None:
    """Take the events away, until they are admitted."""
    relay.bar(EVENTS)
    relay.cut(EVENTS)


async def test_keys_come_after_what_was_heard_before_them(recorded: Stage) -> None:
    """A key ends the recording: the audio before it comes first, and neither waits for silence."""
    caller = await recorded.keyer()
    call = await recorded.arrived()
    await call.answer()
    counting = asyncio.create_task(_frames_until_keys(call, "12*#"))
    await eventually(lambda: recorded.records(call))
    await asyncio.sleep(RECORDED_S)
    await caller.press("12*#")
    async with asyncio.timeout(PATIENCE_S):
        before = await counting
    assert before[0] >= RECORDED_S / 2 / 0.02


async def test_prompt_that_ended_while_the_events_were_away(recorded: Stage, relay: Relay) -> None:
    """Nobody told of its end: it is asked for when they are back."""
    _, call = await recorded.called()
    await call.answer()
    await call.play([Prompt.CONSENT])
    cut(relay)
    playback = Names(recorded.app).of(Kind.PLAYBACK, call.facts.id)

    async def over() -> bool:
        return await recorded.phone.playbacks.get(playback) is None

    await eventually(over)
    relay.admit()
    await next_of(call, PromptEnded)


async def test_prompt_that_lasts_longer_than_the_events_were_away(
    recorded: Stage, relay: Relay
) -> None:
    """It is not taken for ended."""
    _, call = await recorded.called()
    await call.answer()
    await call.play([Prompt.ENROLL_INTRO])
    cut(relay)
    relay.admit()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(GRACE_S):
            await next_of(call, PromptEnded)
    await call.hush()
    await next_of(call, PromptEnded)


async def test_recording_that_ended_while_the_events_were_away(
    recorded: Stage, relay: Relay
) -> None:
    """What was said meanwhile is heard, bit-exact, when they are back."""
    caller, call = await recorded.called()
    await call.answer()
    waiting = asyncio.create_task(listened(call, 4000))
    await eventually(lambda: recorded.records(call))
    await caller.say(np.concatenate((ramp(0.5), np.zeros(16_000, np.int16))))
    cut(relay)

    async def over() -> bool:
        return not await recorded.records(call)

    await eventually(over)
    relay.admit()
    assert np.array_equal(await waiting, ramp(0.5))


async def _frames_until_keys(call: Call, digits: str) -> list[int]:
    """Count the frames before each of these keys, which must be the next ones."""
    return [await _frames_until_key(call, digit) for digit in digits]


async def _frames_until_key(call: Call, digit: str) -> int:
    """Count the frames until a key comes, which must be this one."""
    frames = 0
    while True:
        match await call.heard():
            case Frame():
                frames += 1
            case Key(pressed):
                assert pressed == digit
                return frames
            case PromptEnded() | KeysMissed():
                raise AssertionError("nothing was played, and no line was cut")
