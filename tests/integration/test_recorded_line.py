"""Calls without chan_websocket: what is keyed while Asterisk records."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from ivr.line.capability import MediaWay
from ivr.ports import Call, Frame, Key, PromptEnded
from tests.integration.line_stage import (
    Stage,
    write_sounds,
)

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

KEYER_WAITS_S = 0.2
"""So long after it was answered it presses the first key."""
GRACE_S = 3.0
"""For what takes milliseconds."""


@pytest_asyncio.fixture(loop_scope="module")
async def recorded(stage: Stage, tmp_path: Path) -> AsyncIterator[Stage]:
    """A line on which Asterisk plays and records."""
    sounds = write_sounds(tmp_path / "sounds")
    async with stage.switchboard(way=MediaWay.RECORDING, sounds=sounds):
        yield stage


async def test_keys_come_after_what_was_heard_before_them(recorded: Stage) -> None:
    """A key ends the recording: the audio before it comes first, and neither waits for silence."""
    await recorded.keyer()
    call = await recorded.arrived()
    await call.answer()
    async with asyncio.timeout(GRACE_S):
        before = [await _frames_until_key(call, digit) for digit in "12*#"]
    assert before[0] >= KEYER_WAITS_S / 2 / 0.02


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
            case PromptEnded():
                raise AssertionError("nothing was played")
