"""Who acts on a worker's calls hears of those alone, and says so where he misses some."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import cast
from uuid import uuid4

from structlog.testing import capture_logs

from ivr.desk.hub import WAITING_MAX, Hub
from ivr.desk.records import CallRecords
from ivr.domain.call import CallId, TenantId
from ivr.domain.desk import Card
from ivr.domain.verification import VerificationId
from tests.patience import PATIENCE_S

OURS, THEIRS = "ours", "theirs"
TENANT = TenantId("acme")


class Busy:
    """Call records in which a call changes again and again."""

    def __init__(self, first: Sequence[Card]) -> None:
        self._first = first
        """What changed while nobody read."""

    async def changes(self) -> AsyncIterator[TenantId | None]:
        """Tell of one change after another, and let the others work between them."""
        while True:
            yield TENANT
            await asyncio.sleep(0)

    async def cards(self, tenant: TenantId, after: int, agent: str | None) -> Sequence[Card]:
        """Return a change of our call, the first time those before it."""
        return [card(after + 1, OURS)] if after else self._first


def card(number: int, worker: str) -> Card:
    """A call that changed."""
    return Card(number, VerificationId(uuid4()), TENANT, CallId("a"), worker, frozenset(), "{}")


async def told(first: Sequence[Card], count: int) -> list[Card]:
    """Return the first of what our worker is told."""
    hub = Hub(cast(CallRecords, Busy(first)))
    async with asyncio.timeout(PATIENCE_S), aclosing(hub.of_worker(OURS)) as cards:
        waiting = asyncio.ensure_future(anext(cards))
        running = asyncio.create_task(hub.run())
        try:
            return [await waiting, *[await anext(cards) for _ in range(1, count)]]
        finally:
            running.cancel()


async def test_changes_of_other_workers_crowd_nothing_out() -> None:
    """However many they are."""
    others = [card(number, THEIRS) for number in range(1, 2 * WAITING_MAX)]
    with capture_logs() as logs:
        (ours,) = await told([*others, card(2 * WAITING_MAX, OURS)], 1)
    assert ours.number == 2 * WAITING_MAX
    assert not logs


async def test_whoever_misses_changes_says_so() -> None:
    """With what to do; what there was room for is told, and what comes later."""
    too_many = [card(number, OURS) for number in range(1, WAITING_MAX + 2)]
    with capture_logs() as logs:
        *taken, later = await told(too_many, WAITING_MAX + 1)
    assert taken == too_many[:WAITING_MAX]
    assert later.number > len(too_many)
    assert [each["event"] for each in logs] == ["desk_fell_behind"]
    assert logs[0]["worker"] == OURS
