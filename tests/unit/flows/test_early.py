"""What is done in a pause that may be the end of speech, and what is not."""

from __future__ import annotations

import asyncio

import pytest

from engine.types import Hearing, Locale
from ivr.flows.early import EARLY_PAUSE_S, EarlyExamination
from ivr.ports import Wanted
from tests.fakes.voice import FakeVoice

FRAME = 160
FRAMES = round(EARLY_PAUSE_S / 0.02)
TURNS = 10
"""Of the event loop, in which what was begun is done."""


@pytest.mark.parametrize(("others_wait", "examined"), [(False, 1), (True, 0)])
async def test_a_pause_is_used_where_nobody_else_waits(others_wait: bool, examined: int) -> None:
    """The caller may go on, and the work be in vain: whoever has ended comes first."""
    voice = FakeVoice(overrun=others_wait)
    early, listener = EarlyExamination(voice, Wanted(b"", Locale("en-US"))), await voice.listener()
    for _ in range(FRAMES):
        early.follow(Hearing.PAUSING, listener, FRAME)
    for _ in range(TURNS):
        await asyncio.sleep(0)
    assert voice.embedded == examined


async def test_a_pause_that_is_too_short_is_not_used() -> None:
    """It parts words."""
    voice = FakeVoice()
    early, listener = EarlyExamination(voice, Wanted(b"", Locale("en-US"))), await voice.listener()
    for _ in range(FRAMES - 1):
        early.follow(Hearing.PAUSING, listener, FRAME)
    for _ in range(TURNS):
        await asyncio.sleep(0)
    assert voice.embedded == 0
