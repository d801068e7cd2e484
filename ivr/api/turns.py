"""Whose recordings are decoded and examined now: a few at a time, the others wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from ivr.api.errors import BusyError

AT_ONCE: Final = 4
"""Five minutes take some hundred MB while they are decoded and examined."""
WAITING_MAX: Final = 100
"""Each holds the body that it came with."""


class Turns:
    """Lets `at_once` have their turn together, and `waiting_max` wait for theirs."""

    def __init__(self, at_once: int = AT_ONCE, waiting_max: int = WAITING_MAX) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._waiting_max = waiting_max
        self._waiting = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and have it while inside; `BusyError` where too many wait."""
        if self._free.locked() and self._waiting >= self._waiting_max:
            raise BusyError
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._free.release()
