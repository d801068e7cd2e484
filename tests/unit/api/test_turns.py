"""Whose upload is examined next: tenants take turns, and nobody's turn is lost."""

from __future__ import annotations

import asyncio

import pytest

from ivr.api.turns import Turns
from tests.patience import PATIENCE_S


class Line:
    """Uploads that wait for one turn, which somebody has until `go`."""

    def __init__(self) -> None:
        self.turns = Turns(at_once=1, waiting_max=100)
        self.order: list[str] = []
        self.tasks: list[asyncio.Task[None]] = []
        self._go = asyncio.Event()

    async def arrive(self, *owners: str) -> None:
        """Let uploads arrive, in this order."""
        for owner in owners:
            self.tasks.append(asyncio.create_task(self._examined(owner)))
            await asyncio.sleep(0)

    async def go(self) -> list[str]:
        """Let all be examined; return whose they were, in order."""
        self._go.set()
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.wait(self.tasks)
        return self.order

    async def _examined(self, owner: str) -> None:
        async with self.turns.turn(owner):
            self.order.append(owner)
            await self._go.wait()


async def test_tenants_take_turns() -> None:
    """The many of one delay the few of another by one at a time."""
    line = Line()
    await line.arrive("a", "a", "a", "a", "b", "b", "c")
    assert await line.go() == ["a", "a", "b", "c", "a", "b", "a"]


async def test_a_tenant_alone_waits_for_nobody() -> None:
    """First come, first served."""
    line = Line()
    await line.arrive("a", "a", "a")
    assert await line.go() == ["a", "a", "a"]


async def test_who_gives_up_is_passed_over() -> None:
    """The last of a tenant, and one in the middle of a line."""
    line = Line()
    await line.arrive("a", "b", "c", "c", "d")
    for gone in (line.tasks[1], line.tasks[2]):
        gone.cancel()
    assert await line.go() == ["a", "c", "d"]
    assert await line.go() == ["a", "c", "d"]


@pytest.mark.parametrize("called", [True, False], ids=["just after", "just before"])
async def test_who_gives_up_as_he_is_called_keeps_nobody_waiting(called: bool) -> None:
    """Nor does he whose turn ends hear of it."""
    turns = Turns(at_once=1, waiting_max=10)
    async with turns.turn("a"):
        gone = asyncio.create_task(_turned(turns, "b"))
        after = asyncio.create_task(_turned(turns, "b"))
        await asyncio.sleep(0)
        if not called:
            gone.cancel()
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    await asyncio.wait_for(after, PATIENCE_S)
    await asyncio.wait_for(_turned(turns, "a"), PATIENCE_S)


async def _turned(turns: Turns, owner: str) -> None:
    async with turns.turn(owner):
        pass
