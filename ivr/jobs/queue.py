"""The queue: pgqueuer's tables in the schema `jobs`, which our migrations make."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from pgqueuer.adapters.drivers.asyncpg import AsyncpgDriver
from pgqueuer.adapters.persistence.qb import (
    QueryBuilderEnvironment,
    QueryQueueBuilder,
    QuerySchedulerBuilder,
)
from pgqueuer.domain.settings import DBSettings
from pgqueuer.queries import Queries

from ivr.storage import Database
from ivr.storage.timetable import bring_forward

if TYPE_CHECKING:
    from pgqueuer.domain.types import JobId
    from pgqueuer.models import Schedule

SETTINGS = DBSettings(prefix="", db_schema="jobs")


class Ticket(msgspec.Struct, frozen=True):
    """What a job carries: where to find in the tables what is to be done. Ids, never a person."""

    tenant: str
    subject: str
    """The id of a profile, or of an item of a batch."""

    def octets(self) -> bytes:
        """Return it as the queue holds it."""
        return msgspec.json.encode(self)

    @classmethod
    def read(cls, payload: bytes | None) -> Ticket:
        """Read what `octets` wrote; `msgspec.ValidationError`."""
        return msgspec.json.decode(payload or b"", type=cls)


def queries_on(connection: Any) -> Queries:
    """Return pgqueuer's queries on an asyncpg connection, for the schema `jobs`."""
    return Queries(
        AsyncpgDriver(connection),
        QueryBuilderEnvironment(SETTINGS),
        QueryQueueBuilder(SETTINGS),
        QuerySchedulerBuilder(SETTINGS),
    )


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue open for orders; `StoreUnavailableError` where the database is away."""

    queries: Queries

    @classmethod
    @asynccontextmanager
    async def open(cls, database: Database) -> AsyncIterator[Queue]:
        """Open the queue on a connection of its own."""
        async with database.own_connection() as connection:
            yield cls(queries_on(connection))

    async def ask(self, duty: str, tickets: Sequence[Ticket]) -> int:
        """Put jobs into the queue that are not in it, and return how many those were."""
        if not tickets:
            return 0
        made: list[JobId | None] = await self.queries.enqueue(
            [duty] * len(tickets),
            [ticket.octets() for ticket in tickets],
            [0] * len(tickets),
            dedupe_key=[f"{duty} {ticket.subject}" for ticket in tickets],
            on_conflict="skip",
        )
        return sum(each is not None for each in made)

    async def bring_forward(self, turn: Schedule, wait: timedelta) -> None:
        """Let a duty's next turn come after `wait`, or when it would come if that is sooner.

        It is noticed at the next turn of any duty: those of the voice models come every ten
        minutes. On the timetable's own connection: where that is gone too, the turn counts as not
        taken, and is another worker's.
        """
        await bring_forward(self.queries.driver, turn.id, wait)

    async def waiting(self) -> dict[str, int]:
        """Return how many jobs of each duty are in the queue, also those being done."""
        counts: dict[str, int] = {}
        for each in await self.queries.queue_size():
            counts[each.entrypoint] = counts.get(each.entrypoint, 0) + each.count
        return counts
