"""The timetable of jobs is pgqueuer's; this is what it has no word for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Protocol

from ivr.storage.queries import query


class Driver(Protocol):
    """The connection that a worker keeps its timetable by."""

    async def execute(self, query: str, *args: Any) -> str:
        """Run a statement for its effect."""
        ...


async def bring_forward(driver: Driver, turn: int, wait: timedelta) -> None:
    """Let a turn come after `wait`, or when it would come anyway if that is sooner."""
    await driver.execute(query("bring-turn-forward").sql, turn, wait.total_seconds())
