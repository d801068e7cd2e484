"""Whose recordings are decoded and examined now: a few at a time, the others arrive or wait."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from ivr.api.errors import BusyError

AT_ONCE: Final = 4
"""Five minutes take some hundred MB while they are decoded and examined."""
WAITING_MAX: Final = 100
"""Each holds the body that it came with, or what has come of it so far."""


SHARE: Final = 0.75
"""Of all places those of one tenant: what it sends slowly keeps nobody else out."""


class Turns:
    """Lets `at_once` have their turn together, and `waiting_max` arrive or wait for theirs."""

    def __init__(self, at_once: int = AT_ONCE, waiting_max: int = WAITING_MAX) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._places = at_once + waiting_max
        self._share = max(1, int(SHARE * self._places))
        self._taken: Counter[str] = Counter()

    @contextmanager
    def place(self, owner: str = "") -> Iterator[None]:
        """Have a place while inside, from before a body is read.

        `BusyError` if none is left, or none for this owner; one without a name has any.
        """
        if not self._places or (owner and self._taken[owner] >= self._share):
            raise BusyError
        self._places -= 1
        self._taken[owner] += 1
        try:
            yield
        finally:
            self._places += 1
            self._taken[owner] -= 1
            self._taken += Counter()  # forgets owners that have none

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and have it while inside; whoever waits has a place."""
        async with self._free:
            yield
