"""Whose recordings are decoded and examined now: a few at a time, the others arrive or wait."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from ivr.api.errors import BusyError

AT_ONCE: Final = 4
"""Five minutes take some hundred MB while they are decoded and examined."""
WAITING_MAX: Final = 100
"""Each holds the body that it came with, or what has come of it so far."""


class Turns:
    """Lets `at_once` have their turn together, and `waiting_max` arrive or wait for theirs."""

    def __init__(self, at_once: int = AT_ONCE, waiting_max: int = WAITING_MAX) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._places = at_once + waiting_max

    @contextmanager
    def place(self) -> Iterator[None]:
        """Have a place while inside, from before a body is read; `BusyError` if none is left."""
        if not self._places:
            raise BusyError
        self._places -= 1
        try:
            yield
        finally:
            self._places += 1

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and have it while inside; whoever waits has a place."""
        async with self._free:
            yield
