"""What no setting keeps: it goes by itself, whatever is said of the rest."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ivr.domain.claim import Claim, ClaimSource
from ivr.domain.news import News
from ivr.storage.database import Database
from ivr.storage.desk_feed import desk_feed
from ivr.storage.retention import RetentionRules, forget_job_log, retain
from ivr.storage.store import PostgresStore
from tests.postgres import column, execute
from tests.unit.storage.records import ACCOUNT, TENANT, accepted, enrolled, opening, rejected

CALLER = "+15550100"


async def test_no_count_is_kept_of_who_is_accepted(
    postgres_store: PostgresStore, database_dsn: str
) -> None:
    """Neither of who never was rejected, nor of who was: an ACCEPT takes the count away."""
    await postgres_store.enroll(enrolled())
    profile = await postgres_store.find(TENANT, ACCOUNT)
    assert profile is not None
    for end, kept in ((accepted, []), (rejected, [1, 1]), (rejected, [2, 2]), (accepted, [])):
        begun = replace(opening(), caller_number=CALLER)
        await postgres_store.close(replace(end(begun), profile=profile.id))
        both = "SELECT rejects FROM lockouts UNION ALL SELECT rejects FROM caller_lockouts"
        assert await column(database_dsn, both) == kept


async def test_a_call_leaves_the_desk_though_no_other_follows(
    database: Database, database_dsn: str
) -> None:
    """After twelve hours, on whatever day the tenant is called again."""
    begun = opening()
    claim = Claim(TENANT, ACCOUNT, ClaimSource.DIALPLAN)
    async with desk_feed(database) as feed:
        feed.tell(News(TENANT, begun.id, begun.call, begun.worker, claim=claim))
    for hours, kept in ((11, [ACCOUNT]), (13, [])):
        await retain(database, TENANT, RetentionRules(), datetime.now(UTC) + timedelta(hours=hours))
        assert await column(database_dsn, "SELECT claim_account FROM desk_calls") == kept


NOTED = """
INSERT INTO jobs.pgqueuer_log (created, job_id, status, priority, entrypoint)
SELECT now() - n * interval '1 day', n, 'queued', 0, 'batch' FROM generate_series(0, 9) AS n;
INSERT INTO jobs.pgqueuer_statistics (created, count, status, priority, entrypoint)
SELECT now() - n * interval '1 day', n, 'queued', 0, 'batch' FROM generate_series(0, 9) AS n
"""
LEFT = """
SELECT count(*) FROM jobs.pgqueuer_log UNION ALL SELECT count(*) FROM jobs.pgqueuer_statistics
"""


async def test_what_the_queue_notes_of_jobs_goes_after_a_week(
    database: Database, database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its log and its sums, however many rows; or a year of jobs fills the disk."""
    monkeypatch.setattr("ivr.storage.retention.JOB_LOG_BATCH", 2)
    await execute(database_dsn, NOTED)
    await forget_job_log(database, datetime.now(UTC) - timedelta(minutes=1))
    assert await column(database_dsn, LEFT) == [8, 8]
