"""How far the jobs are, read from the tables and the queue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engine.types import ModelId
from ivr.domain.call import TenantId
from ivr.jobs.queue import Queue
from ivr.storage import Database, tenants
from ivr.storage.reextraction import Unreadable, newest_model, spread, unreadable


@dataclass(frozen=True, slots=True)
class Change:
    """How far a tenant is on the way to the newest voice model."""

    tenant: str
    moved: int
    """Enrolled profiles that are compared by it."""
    profiles: int
    """Enrolled profiles."""
    unreadable: tuple[Unreadable, ...]
    """Of them, those with a recording that cannot be read."""
    suspects_left: int
    """Of the watchlists; nobody can re-extract them."""


@dataclass(frozen=True, slots=True)
class Turn:
    """An entry of the timetable."""

    duty: str
    when: str
    last: datetime | None
    next: datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """How far everything is."""

    model: ModelId | None
    """The newest voice model; None before any worker was started."""
    changes: tuple[Change, ...]
    waiting: dict[str, int]
    """Jobs of each duty in the queue, also those being done."""
    timetable: tuple[Turn, ...]

    @property
    def moved(self) -> int:
        """Enrolled profiles of all tenants that the newest voice model has done."""
        return sum(each.moved for each in self.changes)

    @property
    def unreadable(self) -> int:
        """Enrolled profiles of all tenants that it cannot do until an operator mends them."""
        return sum(len(each.unreadable) for each in self.changes)

    @property
    def profiles(self) -> int:
        """Enrolled profiles of all tenants."""
        return sum(each.profiles for each in self.changes)


async def progress(database: Database) -> Progress:
    """Read how far the jobs are; `StoreUnavailableError`."""
    model = await newest_model(database)
    changes = [await _change(database, name, model) for name in await tenants(database)]
    async with Queue.open(database) as queue:
        waiting = await queue.waiting()
        schedules = await queue.queries.peek_schedule()
    turns = (
        Turn(each.entrypoint, each.expression, each.last_run, each.next_run) for each in schedules
    )
    return Progress(model, tuple(changes), waiting, tuple(sorted(turns, key=_by_duty)))


async def _change(database: Database, tenant: str, model: ModelId | None) -> Change:
    found = await spread(database, TenantId(tenant))
    moved = found.profiles.get(model, 0) if model else 0
    suspects = {name: count for name, count in found.suspects.items() if name != model}
    stuck = await unreadable(database, TenantId(tenant), model) if model else ()
    return Change(tenant, moved, sum(found.profiles.values()), stuck, sum(suspects.values()))


def _by_duty(turn: Turn) -> str:
    return turn.duty
