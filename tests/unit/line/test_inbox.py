"""The inbox: in order, bounded, and its end comes at once."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from ivr.line.inbox import FRAMES_MAX, Inbox
from ivr.ports import CallerHungUpError, CallLostError, Frame, Key, KeysMissed, PromptEnded


def frame(value: int) -> Frame:
    """Return a frame that can be told from others."""
    return Frame(np.full(160, value, np.int16))


async def test_order_is_kept() -> None:
    """What was heard first comes out first."""
    inbox = Inbox()
    for heard in (frame(1), Key("5"), PromptEnded()):
        inbox.put(heard)
    assert isinstance(await inbox.get(), Frame)
    assert await inbox.get() == Key("5")
    assert await inbox.get() == PromptEnded()


async def test_waits_for_what_comes() -> None:
    """An empty inbox lets its reader wait."""
    inbox = Inbox()
    reading = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    assert not reading.done()
    inbox.put(Key("#"))
    assert await reading == Key("#")


async def test_end_overtakes_what_is_queued() -> None:
    """A hang-up is raised at once, again and again, and the first end counts."""
    inbox = Inbox()
    inbox.put(frame(1))
    inbox.end(CallerHungUpError("gone"))
    inbox.end(CallLostError("lost"))
    for _ in range(2):
        with pytest.raises(CallerHungUpError):
            await inbox.get()


async def test_end_wakes_the_reader() -> None:
    """A reader who waits is told of the end."""
    inbox = Inbox()
    reading = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    inbox.end(CallLostError("lost"))
    with pytest.raises(CallLostError):
        await reading


async def test_nobody_listens_for_a_minute() -> None:
    """The oldest frames go, counted; keys stay."""
    inbox = Inbox()
    inbox.put(Key("7"))
    for value in range(FRAMES_MAX + 10):
        inbox.put(frame(value))
    assert inbox.dropped == 10
    assert await inbox.get() == Key("7")
    first = await inbox.get()
    assert isinstance(first, Frame)
    assert first.pcm[0] == 10


async def test_frames_are_forgotten_without_the_rest() -> None:
    """Keys and ends of prompts stay; what is forgotten is not counted as lost."""
    inbox = Inbox()
    for heard in (frame(1), Key("1"), frame(2), PromptEnded()):
        inbox.put(heard)
    inbox.forget_frames()
    assert [await inbox.get(), await inbox.get()] == [Key("1"), PromptEnded()]
    for value in range(FRAMES_MAX):
        inbox.put(frame(value))
    assert inbox.dropped == 0


async def test_keys_are_forgotten_without_the_rest() -> None:
    """Those that were missed as well."""
    inbox = Inbox()
    for heard in (Key("1"), PromptEnded(), KeysMissed(), Key("2")):
        inbox.put(heard)
    inbox.forget_keys()
    assert await inbox.get() == PromptEnded()
    assert inbox.empty


async def test_prompt_end_is_forgotten_without_the_rest() -> None:
    """Only the ends of prompts go."""
    inbox = Inbox()
    for heard in (Key("1"), PromptEnded(), Key("2")):
        inbox.put(heard)
    inbox.forget_prompt_end()
    assert [await inbox.get(), await inbox.get()] == [Key("1"), Key("2")]
    assert inbox.empty
