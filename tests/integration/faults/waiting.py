"""Waiting for what other processes do: asked again and again, for so long and no longer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tests.patience import PATIENCE_S

ASK_AGAIN_S = 0.05

Answer = TypeVar("Answer")


async def until(
    ask: Callable[[], Awaitable[Answer]], so: Callable[[Answer], bool] = bool
) -> Answer:
    """Ask until the answer is `so`, and return it; `AssertionError` with the last one, if never."""
    answer = await ask()
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not so(answer):
                await asyncio.sleep(ASK_AGAIN_S)
                answer = await ask()
    except TimeoutError:
        raise AssertionError(f"after {PATIENCE_S:g} s it still is {answer!r}") from None
    return answer


async def patiently(awaited: Awaitable[Answer]) -> Answer:
    """Return what is awaited; `TimeoutError` where it does not come."""
    async with asyncio.timeout(PATIENCE_S):
        return await awaited
