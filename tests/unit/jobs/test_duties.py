"""Retention by the timetable, and how far everything is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ivr.cli.jobs import plain, told
from ivr.domain.profile import Profile, ProfileState
from ivr.jobs import Queue, Reextraction, Retention, retention_rules
from ivr.jobs.progress import progress
from ivr.jobs.queue import Ticket
from ivr.settings import Retention as Settings
from ivr.storage.database import Database
from ivr.storage.store import PostgresStore
from tests.unit.jobs.conftest import NEWER, found
from tests.unit.storage.records import TENANT


async def test_retention_does_what_is_due_and_without_rules_nothing(
    database: Database, postgres_store: PostgresStore, person: Profile
) -> None:
    """Ten days after the last use, by a clock that says so."""
    later = datetime.now(UTC) + timedelta(days=10)
    async with Queue.open(database) as queue:
        for settings, state in (
            (Settings(), ProfileState.ENROLLED),
            (Settings(expire_days=30), ProfileState.ENROLLED),
            (Settings(expire_days=9), ProfileState.EXPIRED),
        ):
            await Retention(database, retention_rules(settings), lambda: later, "17 3 * * *").look(
                queue
            )
            assert (await found(postgres_store)).state is state


async def test_the_progress_counts_who_is_moved(
    database: Database, duty: Reextraction, person: Profile
) -> None:
    """Before and after, for people and for programs."""
    async with Queue.open(database) as queue:
        await duty.look(queue)
        before = await progress(database)
        assert (before.model, before.moved, before.profiles) == (NEWER, 0, 1)
        assert f"{TENANT}: 0 of 1 profiles" in told(before)
        assert f"queue: 1 x {duty.name}" in told(before)
        await duty.look(queue)
    await duty.work(Ticket(TENANT, str(person.id)))
    after = plain(await progress(database))
    assert (after["moved"], after["profiles"]) == (1, 1)
    assert after["changes"][0]["suspects_left"] == 0
