"""Takes the time of pieces of work, round by round, so that a noisy machine is noisy for all."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter_ns

Work = Callable[[], Awaitable[object] | object]


@dataclass(slots=True)
class Stage:
    """One piece of work, done once a round, and how long it took."""

    name: str
    work: Work
    before: Work | None = None
    """What has to be done first in each round, and is not measured."""
    micros: list[float] = field(default_factory=list)
    """Microseconds, one for each round."""

    @property
    def median_us(self) -> float:
        """The usual time."""
        return median(self.micros)

    @property
    def least_us(self) -> float:
        """The time where nothing came between."""
        return min(self.micros)

    async def take(self) -> None:
        """Do the work once and note how long it took."""
        if self.before is not None:
            await _done(self.before)
        began = perf_counter_ns()
        await _done(self.work)
        self.micros.append((perf_counter_ns() - began) / 1000)


async def time_all(stages: Sequence[Stage], rounds: int, *, unmeasured: int = 3) -> None:
    """Do every stage once a round, in order; the first rounds only warm caches up."""
    for number in range(unmeasured + rounds):
        for stage in stages:
            await stage.take()
            if number < unmeasured:
                stage.micros.clear()


async def _done(work: Work) -> None:
    done = work()
    if inspect.isawaitable(done):
        await done
