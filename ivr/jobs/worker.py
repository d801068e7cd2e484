"""A worker: takes jobs from the queue and keeps the timetable, through every loss of the database.

pgqueuer leases a job to a worker and takes it back when the worker's heart stops: a job of who was
killed is done by another. A restart of PostgreSQL breaks the connection; the worker comes back.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Protocol

import structlog
from pgqueuer import PgQueuer
from pgqueuer.errors import RetryRequested
from pgqueuer.models import Job, Schedule

from ivr.jobs.queue import Queue, Ticket, queries_on
from ivr.ports import StoreUnavailableError
from ivr.storage import Database, StoreRefusedError

LEASE = timedelta(seconds=30)
"""So long after its last sign of life a worker's jobs are given to others."""
POLL = timedelta(seconds=10)
"""Longest wait for a job; a NOTIFY ends it at once."""
AGAIN_FIRST_S, AGAIN_LAST_S = 0.2, 10.0
"""Wait before the database is tried again, doubled each time."""
SECONDS_UNTIL_RETRY = timedelta(seconds=5)
UNTIL_NEXT_LOOK = timedelta(minutes=5)
"""So long after a turn of the timetable that failed the duty is due again."""
LOOK_AROUND_S = 30.0
"""So long after it comes back, what a duty lacked is found at the latest."""

log = structlog.get_logger()


class ElsewhereError(Exception):
    """This worker lacks what a job needs; another may have it."""


class Duty(Protocol):
    """A kind of work. It may be called twice for the same thing, here and elsewhere at once."""

    @property
    def name(self) -> str:
        """Return what its jobs are called in the queue."""
        ...

    @property
    def when(self) -> str | None:
        """Return when one worker alone calls `look`: a cron expression, UTC; None: never."""
        ...

    @property
    def eager(self) -> bool:
        """Say whether every worker calls `look` when it starts, too."""
        ...

    async def able(self) -> bool:
        """Say whether this worker has at present what the duty needs; raises nothing."""
        ...

    async def look(self, queue: Queue) -> None:
        """Do what is due, or put what is to be done into the queue; `StoreUnavailableError`."""
        ...

    async def work(self, ticket: Ticket) -> None:
        """Do one job; `ElsewhereError` leaves it to another worker.

        It is tried again after a `StoreUnavailableError`, unless that is a `StoreRefusedError`.
        """
        ...


class Worker:
    """Works until it is cancelled; one job at a time, so that callers are not kept waiting."""

    def __init__(
        self, database: Database, duties: Sequence[Duty], lease: timedelta = LEASE
    ) -> None:
        self._database = database
        self._duties = duties
        self._lease = lease
        self._wait_s = AGAIN_FIRST_S

    async def run(self) -> None:
        """Work until cancelled."""
        while True:
            try:
                await self._session()
            except StoreUnavailableError as error:
                log.warning("jobs_wait_for_database", why=str(error))
            except Exception:
                # Calls go on without jobs; jobs must not end for good by one mishap.
                log.exception("jobs_broken_off")
            await asyncio.sleep(self._wait_s)
            self._wait_s = min(2 * self._wait_s, AGAIN_LAST_S)

    async def _session(self) -> None:
        """Work on one connection until that breaks, or until another duty can be done, or one not.

        Who took jobs that he lacks something for would put them back at once, as fast as the
        database writes, and keep them from those who can.
        """
        async with self._database.own_connection() as connection:
            self._wait_s = AGAIN_FIRST_S
            queries = queries_on(connection)
            office = PgQueuer(queries.driver, queries=queries)
            connection.add_termination_listener(lambda _: office.shutdown.set())
            able = await self._able()
            await self._open(office, able, Queue(queries))
            async with _meanwhile(self._until_it_changes(able, office.shutdown), "looking-around"):
                await office.run(
                    dequeue_timeout=POLL,
                    batch_size=1,
                    max_concurrent_tasks=2,
                    shutdown_on_listener_failure=True,
                    heartbeat_timeout=self._lease,
                )

    async def _open(self, office: PgQueuer, able: set[str], queue: Queue) -> None:
        """Take on the duties that can be done, and leave the others to others."""
        for duty in self._duties:
            if duty.name not in able:
                log.warning("duty_left_to_others", duty=duty.name)
                continue
            if duty.eager:
                await duty.look(queue)
            _take_on(office, duty, queue)

    async def _able(self) -> set[str]:
        """Return the names of the duties that can be done at present."""
        return {duty.name for duty in self._duties if await duty.able()}

    async def _until_it_changes(self, able: set[str], changed: asyncio.Event) -> None:
        """Set `changed` when other duties can be done than these."""
        while await self._able() == able:  # noqa: ASYNC110 - a mount has no event
            await asyncio.sleep(LOOK_AROUND_S)
        changed.set()


def _take_on(office: PgQueuer, duty: Duty, queue: Queue) -> None:
    """Register a duty's jobs and its place in the timetable."""

    async def work(job: Job) -> None:
        try:
            await duty.work(Ticket.read(job.payload))
        except StoreRefusedError:
            log.error("job_refused", duty=duty.name, subject=Ticket.read(job.payload).subject)
            raise
        except (StoreUnavailableError, ElsewhereError) as error:
            if isinstance(error, ElsewhereError):
                office.shutdown.set()
            log.warning("job_put_back", duty=duty.name, why=str(error))
            raise RetryRequested(delay=SECONDS_UNTIL_RETRY, reason=type(error).__name__) from None

    async def look(turn: Schedule) -> None:
        try:
            await duty.look(queue)
        except StoreUnavailableError as error:
            log.warning("job_missed", duty=duty.name, why=str(error))
            await queue.bring_forward(turn, UNTIL_NEXT_LOOK)

    office.entrypoint(duty.name, concurrency_limit=0)(work)
    if duty.when is not None:
        office.schedule(duty.name, duty.when)(look)


@asynccontextmanager
async def working(worker: Worker) -> AsyncIterator[None]:
    """Let a worker work meanwhile; what it does when this is left is done again by another."""
    async with _meanwhile(worker.run(), "jobs"):
        yield


@asynccontextmanager
async def _meanwhile(doing: Coroutine[None, None, None], name: str) -> AsyncIterator[None]:
    running = asyncio.create_task(doing, name=name)
    try:
        yield
    finally:
        running.cancel()
        await asyncio.wait({running})
        if not running.cancelled():
            running.result()
