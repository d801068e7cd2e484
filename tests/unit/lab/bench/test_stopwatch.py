"""Stages of work and their times."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from ivr.lab.bench import stopwatch
from ivr.lab.bench.stopwatch import Stage, time_all


async def test_every_stage_is_timed_once_a_round() -> None:
    """The rounds that warm up are done, and not counted."""
    done: list[str] = []
    stages = [Stage("one", lambda: done.append("one")), Stage("two", lambda: done.append("two"))]
    await time_all(stages, rounds=4, unmeasured=2)
    assert done == ["one", "two"] * 6
    assert [len(stage.micros) for stage in stages] == [4, 4]


@dataclass
class Clock:
    """Time that passes only where work is done."""

    now_ns: int = 0

    def work(self, milliseconds: int) -> None:
        """Work so long."""
        self.now_ns += milliseconds * 1_000_000

    async def work_on(self, milliseconds: int) -> None:
        """Work so long, after others had their turn."""
        await asyncio.sleep(0)
        self.work(milliseconds)


async def test_work_may_be_awaited_and_its_preparation_is_not_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A stage takes as long as its work, and not as long as what has to be done before it."""
    clock = Clock()
    monkeypatch.setattr(stopwatch, "perf_counter_ns", lambda: clock.now_ns)
    stage = Stage("wait", lambda: clock.work_on(2), before=lambda: clock.work(200))
    await time_all([stage], rounds=1, unmeasured=0)
    assert stage.micros == [2_000.0]


def test_median_and_least_are_told_apart() -> None:
    """One disturbed round moves neither."""
    stage = Stage("work", lambda: None, micros=[5.0, 3.0, 400.0])
    assert (stage.median_us, stage.least_us) == (5.0, 3.0)
