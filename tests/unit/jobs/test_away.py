"""A worker leaves to others what it lacks something for, and takes it on when that is back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from ivr.domain.batch import BatchKind
from ivr.jobs import Queue, Worker, worker
from ivr.jobs.queue import Ticket
from ivr.jobs.worker import working
from ivr.storage import Database, Keyring
from tests.patience import PATIENCE_S
from tests.postgres import column
from tests.unit.jobs.batching import TENANT, Stage, stage_of
from tests.unit.jobs.conftest import until
from tests.unit.jobs.test_queue import Counting
from tests.unit.offline.files import HIM

PUT_BACK = """
SELECT traceback FROM jobs.pgqueuer_log
WHERE entrypoint LIKE 'batch %' AND status = 'queued' AND traceback IS NOT NULL
"""


@pytest.fixture
async def stage(
    tmp_path: Path, database: Database, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Stage]:
    """A share with recordings, and workers who look for it often."""
    monkeypatch.setattr(worker, "SECONDS_UNTIL_RETRY", timedelta(0))
    monkeypatch.setattr(worker, "LOOK_AROUND_S", 0.05)
    share = tmp_path / "share"
    share.mkdir()
    async with stage_of(share, database, keyring) as stage:
        yield stage


async def ask(stage: Stage) -> None:
    """Put what is to be done into the queue, as another worker does."""
    async with Queue.open(stage.database) as queue:
        await stage.duty.look(queue)


async def work_a_while(stage: Stage, other: Counting) -> None:
    """Wait until a worker has done a few jobs of another kind, asked for one after another."""
    async with Queue.open(stage.database) as queue:
        for number in range(5):
            await queue.ask(other.name, [Ticket(TENANT, str(number))])
            await other.tickets.get()


async def test_jobs_of_a_folder_that_is_away_are_not_taken(stage: Stage, database_dsn: str) -> None:
    """Others may have it; when it is mounted, the worker takes them without being started anew."""
    batch = await stage.order(BatchKind.ENROLL, stage.person("4711", HIM))
    await ask(stage)
    away = stage.folder.rename(stage.folder.with_name("away"))
    other = Counting()
    async with (
        asyncio.timeout(PATIENCE_S),
        working(Worker(stage.database, [stage.duty, other])),
    ):
        await work_a_while(stage, other)
        assert await column(database_dsn, PUT_BACK) == []
        away.rename(stage.folder)

        async def done() -> bool:
            return await stage.results(batch) == ["ENROLLED"]

        await until(done)


async def test_a_worker_whose_folder_goes_away_puts_a_job_back_once(
    stage: Stage, database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not again and again, a row of PostgreSQL each time; its other duties go on."""
    monkeypatch.setattr(worker, "LOOK_AROUND_S", PATIENCE_S)
    other = Counting()
    async with (
        asyncio.timeout(PATIENCE_S),
        working(Worker(stage.database, [stage.duty, other])),
    ):
        await work_a_while(stage, other)
        await stage.order(BatchKind.ENROLL, stage.person("4711", HIM))
        stage.folder.rename(stage.folder.with_name("away"))
        await ask(stage)

        async def put_back() -> bool:
            return await column(database_dsn, PUT_BACK) != []

        await until(put_back)
        await work_a_while(stage, other)
        assert len(await column(database_dsn, PUT_BACK)) == 1
