"""Stages of work and their times."""

from __future__ import annotations

import asyncio
from time import sleep

from ivr.lab.bench.stopwatch import Stage, time_all


async def test_every_stage_is_timed_once_a_round() -> None:
    """The rounds that warm up are done, and not counted."""
    done: list[str] = []
    stages = [Stage("one", lambda: done.append("one")), Stage("two", lambda: done.append("two"))]
    await time_all(stages, rounds=4, unmeasured=2)
    assert done == ["one", "two"] * 6
    assert [len(stage.micros) for stage in stages] == [4, 4]


async def test_work_may_be_awaited_and_its_preparation_is_not_counted() -> None:
    """A stage takes as long as its work, and not as long as what has to be done before it."""
    stage = Stage("wait", lambda: asyncio.sleep(0.002), before=lambda: sleep(0.2))
    await time_all([stage], rounds=1, unmeasured=0)
    assert 2_000 <= stage.micros[0] < 200_000


def test_median_and_least_are_told_apart() -> None:
    """One disturbed round moves neither."""
    stage = Stage("work", lambda: None, micros=[5.0, 3.0, 400.0])
    assert (stage.median_us, stage.least_us) == (5.0, 3.0)
