"""Whose recordings are decoded and examined now: a few at a time, the others arrive or wait.

Those that wait have their turn tenant by tenant: who sends many waits behind nobody but himself.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict, deque
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
        self._free = at_once
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        """Those who wait for a turn by their owner; whose is the next stands first."""
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
    async def turn(self, owner: str = "") -> AsyncIterator[None]:
        """Wait for a turn, and have it while inside; whoever waits has a place.

        Owners take turns, however many of each wait.
        """
        await self._begin(owner)
        try:
            yield
        finally:
            self._pass_on()

    async def _begin(self, owner: str) -> None:
        if self._free:  # nobody waits then
            self._free -= 1
            return
        called = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(owner, deque()).append(called)
        try:
            await called
        except asyncio.CancelledError:
            if called.cancelled():
                self._give_up(owner, called)
            else:  # it was called at the same moment
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        """Call the next owner's first, and put that owner behind the others."""
        while self._waiting:
            owner, line = self._waiting.popitem(last=False)
            called = line.popleft()
            if line:
                self._waiting[owner] = line
            if not called.done():  # else whoever waits is giving up at this moment
                called.set_result(None)
                return
        self._free += 1

    def _give_up(self, owner: str, called: asyncio.Future[None]) -> None:
        line = self._waiting.get(owner, deque())
        if called in line:  # else it was passed over already
            line.remove(called)
            if not line:
                del self._waiting[owner]
