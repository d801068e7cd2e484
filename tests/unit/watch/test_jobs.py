"""The depth of the jobs' queue, as the watch finds it out."""

from __future__ import annotations

import pytest

from ivr.jobs.queue import Queue, Ticket
from ivr.storage import Database
from ivr.watching import queued
from tests.patience import PATIENCE_S


async def test_what_waits_in_the_queue_is_counted(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By duty; an empty queue has nothing to tell."""
    monkeypatch.setattr("ivr.watching.JOBS_TIMEOUT_S", PATIENCE_S)
    assert await queued(database) == {}
    async with Queue.open(database) as queue:
        await queue.ask("retention", [Ticket("default", "a"), Ticket("default", "b")])
    assert await queued(database) == {"retention": 2}
