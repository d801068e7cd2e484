"""Retention by the timetable, and how far everything is."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from structlog.testing import capture_logs

from ivr.cli.jobs import _follow, plain, told
from ivr.domain.call import TenantId
from ivr.domain.news import News
from ivr.domain.profile import Profile, ProfileState
from ivr.jobs import Queue, Reextraction, Retention, Worker, retention_rules
from ivr.jobs.progress import progress
from ivr.jobs.queue import Ticket
from ivr.jobs.worker import working
from ivr.ports import StoreUnavailableError
from ivr.settings import Retention as Settings
from ivr.storage import RetentionRules
from ivr.storage.database import Database
from ivr.storage.desk_feed import desk_feed
from ivr.storage.store import PostgresStore
from tests.patience import PATIENCE_S
from tests.postgres import column, execute
from tests.unit.jobs.conftest import FAR_FROM_NOW, NEWER, found, until
from tests.unit.storage.records import ACCOUNT, TENANT, opening

LOGGED = "SELECT entrypoint FROM jobs.pgqueuer_log"


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


async def test_each_night_the_log_of_the_queue_is_cut(
    database: Database, database_dsn: str
) -> None:
    """Whatever the rules: pgqueuer writes into it, and deletes nothing."""
    later = datetime.now(UTC) + timedelta(days=8)
    async with Queue.open(database) as queue:
        await queue.ask("count", [Ticket(TENANT, "x")])
        assert await column(database_dsn, LOGGED) == ["count"]
        await Retention(database, RetentionRules(), lambda: later, "17 3 * * *").look(queue)
        assert await column(database_dsn, LOGGED) == []


async def test_a_worker_without_rules_takes_no_turn_of_one_that_has_some(
    database: Database, database_dsn: str, postgres_store: PostgresStore, person: Profile
) -> None:
    """Though it comes first; and two with the same rules share theirs."""
    later = datetime.now(UTC) + timedelta(days=10)
    idle, busy, as_busy = (
        Retention(database, retention_rules(settings), lambda: later, FAR_FROM_NOW)
        for settings in (Settings(), Settings(expire_days=9), Settings(expire_days=9))
    )
    assert busy.name == as_busy.name
    async with working(Worker(database, [idle])), working(Worker(database, [busy])):
        await until(partial(_turns, database_dsn, {idle.name, busy.name}, "next_run > now()"))
    await execute(database_dsn, "UPDATE jobs.pgqueuer_schedules SET next_run = '2000-01-01'")
    async with working(Worker(database, [idle])):
        await until(partial(_turns, database_dsn, {idle.name}, "last_run IS NOT NULL"))
    assert (await found(postgres_store)).state is ProfileState.ENROLLED
    async with working(Worker(database, [busy])):
        await until(partial(_turns, database_dsn, {busy.name}, "last_run IS NOT NULL"))
    assert (await found(postgres_store)).state is ProfileState.EXPIRED


CALLED_BEFORE = "UPDATE desk_calls SET began_at = now() - interval '2 days'"
STUCK = """
CREATE FUNCTION stuck() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION USING ERRCODE = 'query_canceled'; END $$;
CREATE TRIGGER stuck BEFORE DELETE ON desk_calls
FOR EACH ROW WHEN (OLD.tenant = 'a slow tenant') EXECUTE FUNCTION stuck()
"""
UNSTUCK = "DROP TRIGGER stuck ON desk_calls"
SLOW, QUICK = TenantId("a slow tenant"), TenantId("quick tenant")


@pytest.fixture
async def two_tenants(database: Database, database_dsn: str) -> None:
    """Each with a call that is to leave the desk; of the first it cannot."""
    async with desk_feed(database) as feed:
        for tenant in (SLOW, QUICK):
            begun = opening()
            feed.tell(News(tenant, begun.id, begun.call, begun.worker))
    await execute(database_dsn, CALLED_BEFORE)
    await execute(database_dsn, STUCK)


@pytest.mark.usefixtures("two_tenants")
async def test_retention_of_the_others_goes_on_where_one_tenant_fails(
    database: Database, database_dsn: str
) -> None:
    """Whoever comes later in the alphabet has the same right; the log names whom it failed for."""
    duty = Retention(database, RetentionRules(), lambda: datetime.now(UTC), FAR_FROM_NOW)
    async with Queue.open(database) as queue:
        with capture_logs() as logs, pytest.raises(StoreUnavailableError):
            await duty.look(queue)
    assert await column(database_dsn, "SELECT tenant FROM desk_calls") == [SLOW]
    (told,) = [each for each in logs if each["event"] == "retention_incomplete"]
    assert told["tenants"] == [SLOW]


@pytest.mark.usefixtures("two_tenants")
async def test_retention_that_failed_is_tried_again_within_minutes(
    database: Database, database_dsn: str
) -> None:
    """Not the next night; and after a turn that succeeds it is the next night again."""
    duty = Retention(database, RetentionRules(), lambda: datetime.now(UTC), FAR_FROM_NOW)
    due = "UPDATE jobs.pgqueuer_schedules SET next_run = '2000-01-01', last_run = NULL"
    tried = "last_run IS NOT NULL AND next_run"
    async with working(Worker(database, [duty])):
        await until(partial(_turns, database_dsn, {duty.name}, "next_run > now()"))
    await execute(database_dsn, due)
    async with working(Worker(database, [duty])):
        soon = f"{tried} BETWEEN now() AND now() + interval '5 min'"
        await until(partial(_turns, database_dsn, {duty.name}, soon))
    await execute(database_dsn, UNSTUCK)
    await execute(database_dsn, due)
    async with working(Worker(database, [duty])):
        late = f"{tried} > now() + interval '1 h'"
        await until(partial(_turns, database_dsn, {duty.name}, late))
    assert await column(database_dsn, "SELECT tenant FROM desk_calls") == []


async def _turns(dsn: str, duties: set[str], which: str) -> bool:
    """Say whether the timetable has such entries for all of these duties."""
    rows = await column(dsn, f"SELECT entrypoint FROM jobs.pgqueuer_schedules WHERE {which}")
    return duties <= set(rows)


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


async def test_a_profile_that_cannot_be_read_is_named_and_ends_the_change(
    database: Database, database_dsn: str, duty: Reextraction, person: Profile
) -> None:
    """Whoever follows the bar is not left waiting, and is told what to do."""
    await execute(database_dsn, "UPDATE recordings SET audio = audio || '\\x00'")
    async with Queue.open(database) as queue:
        await duty.look(queue)
    await duty.work(Ticket(TENANT, str(person.id)))
    found = await progress(database)
    assert (found.moved, found.unreadable, found.profiles) == (0, 1, 1)
    assert f"profile {person.id} (account {ACCOUNT}) cannot be moved" in told(found)
    assert "reset the profile and enroll the person anew" in told(found)
    assert plain(found)["unreadable"] == 1
    async with asyncio.timeout(PATIENCE_S):
        await _follow(database)
