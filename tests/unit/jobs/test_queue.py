"""pgqueuer's tables as our migrations make them, and a worker that outlives its database."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import asyncpg
import pytest

from ivr.jobs import Queue, Worker
from ivr.jobs.queue import Ticket, queries_on
from ivr.jobs.worker import working
from ivr.storage.cluster import Cluster
from ivr.storage.database import Database
from tests.patience import PATIENCE_S
from tests.postgres import execute
from tests.unit.jobs.conftest import FAR_FROM_NOW


@dataclass
class Counting:
    """A duty that counts."""

    name: str = "count"
    when: str = FAR_FROM_NOW
    eager: bool = False
    looks: asyncio.Queue[None] = field(default_factory=asyncio.Queue)
    tickets: asyncio.Queue[Ticket] = field(default_factory=asyncio.Queue)

    async def able(self) -> bool:
        return True

    async def look(self, queue: Queue) -> None:
        self.looks.put_nowait(None)

    async def work(self, ticket: Ticket) -> None:
        self.tickets.put_nowait(ticket)


async def test_the_tables_are_what_this_pgqueuer_wants(database_dsn: str) -> None:
    """A newer pgqueuer that wants others is found here: it takes a migration of ours."""
    connection = await asyncpg.connect(database_dsn)
    try:
        plan = await queries_on(connection).plan_upgrade()
        assert not plan.statements
    finally:
        await connection.close()


async def test_a_job_asked_for_twice_is_in_the_queue_once(database: Database) -> None:
    """By what it is about; and it is done."""
    duty = Counting()
    tickets = [Ticket("a", "x"), Ticket("a", "y")]
    async with Queue.open(database) as queue:
        assert await queue.ask(duty.name, tickets) == 2
        assert await queue.ask(duty.name, tickets) == 0
        assert await queue.waiting() == {duty.name: 2}
    async with asyncio.timeout(PATIENCE_S), working(Worker(database, [duty])):
        assert [await duty.tickets.get() for _ in tickets] == tickets


async def test_what_was_due_while_no_worker_ran_is_done_by_the_next(
    database: Database, database_dsn: str
) -> None:
    """The timetable is in the database."""
    first = Counting()
    async with working(Worker(database, [first])), asyncio.timeout(PATIENCE_S):
        while not await scheduled(database_dsn):  # noqa: ASYNC110 - PostgreSQL has no event
            await asyncio.sleep(0.05)
    assert first.looks.empty()
    await execute(database_dsn, "UPDATE jobs.pgqueuer_schedules SET next_run = '2000-01-01'")
    second = Counting()
    async with asyncio.timeout(PATIENCE_S), working(Worker(database, [second])):
        await second.looks.get()


async def scheduled(dsn: str) -> bool:
    connection = await asyncpg.connect(dsn)
    try:
        return bool(await connection.fetchval("SELECT count(*) FROM jobs.pgqueuer_schedules"))
    finally:
        await connection.close()


@pytest.mark.usefixtures("patient_database")
async def test_a_worker_comes_back_with_its_database(own_cluster: Cluster) -> None:
    """Killed in between, the server is found again, and with it the jobs."""
    duty = Counting()
    async with (
        asyncio.timeout(PATIENCE_S),
        await Database.connect(own_cluster.dsn()) as database,
        working(Worker(database, [duty])),
    ):
        await _ask(database, duty, "before")
        assert (await duty.tickets.get()).subject == "before"
        await asyncio.to_thread(own_cluster.stop, "immediate")
        await asyncio.to_thread(own_cluster.start)
        await _ask(database, duty, "after")
        while (await duty.tickets.get()).subject != "after":
            pass


async def _ask(database: Database, duty: Counting, subject: str) -> None:
    async with Queue.open(database) as queue:
        await queue.ask(duty.name, [Ticket("a", subject)])


async def test_the_job_of_a_dead_worker_is_done_by_another(
    database: Database, database_dsn: str
) -> None:
    """Its lease runs out."""
    duty = Counting()
    async with Queue.open(database) as queue:
        await queue.ask(duty.name, [Ticket("a", "x")])
    await execute(
        database_dsn,
        "UPDATE jobs.pgqueuer SET status = 'picked', queue_manager_id = gen_random_uuid(),"
        " heartbeat = now() - interval '5s'",
    )
    worker = Worker(database, [duty], lease=timedelta(seconds=4))
    async with asyncio.timeout(PATIENCE_S), working(worker):
        assert (await duty.tickets.get()).subject == "x"
