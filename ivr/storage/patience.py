"""Patience with a PostgreSQL that is there and slow, where no caller waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from ivr.storage.errors import StoreSlowError

START_PATIENCE_S = 15.0
"""Longer than a busy machine takes to begin, or a busy disk to write."""

T = TypeVar("T")


async def patiently(ask: Callable[[], Awaitable[T]], patience_s: float = START_PATIENCE_S) -> T:
    """Return PostgreSQL's answer; where it does not come in time, ask again for so long.

    What is asked must be idempotent. Raises `StoreUnavailableError`: at once, where PostgreSQL
    does not run or refuses.
    """
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + patience_s
    while True:
        try:
            return await ask()
        except StoreSlowError:
            if loop.time() >= give_up_at:
                raise
