"""What is kept no longer than it is needed: one function, for a job or by hand, at any time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from ivr.domain.call import TenantId
from ivr.storage.api_answers import KEPT as ANSWERS_KEPT
from ivr.storage.audit import AuditEvent, note
from ivr.storage.database import Database, Transaction
from ivr.storage.desk_feed import KEPT as DESK_CALLS_KEPT
from ivr.storage.erasure import erase_person
from ivr.storage.text import storable

BATCH = 200
"""Rows in a transaction, so that no caller waits long for the lock of one."""
JOB_LOG_KEPT = timedelta(days=7)
JOB_LOG_BATCH = 5000
"""More than of the others: no caller waits for these rows, and there may be millions."""
BY = "retention"
"""Who did it, in the audit trail."""


@dataclass(frozen=True, slots=True)
class RetentionRules:
    """After how many days, each at least 1; None: never."""

    expire_days: int | None = None
    """Not accepted so long, and a profile expires: its person must enroll anew."""
    erase_days: int | None = None
    """Expired so long, and the person is erased."""
    records_days: int | None = None
    """So long after a call ended, its record is deleted; the audit trail keeps that it was."""

    def __post_init__(self) -> None:
        """Raise `ValueError` for a rule below one day."""
        for days in (self.expire_days, self.erase_days, self.records_days):
            if days is not None and days < 1:
                raise ValueError(f"a time to keep is at least one day, not {days}")


@dataclass(frozen=True, slots=True)
class Retained:
    """What was done by one `retain`."""

    expired: int
    """Profiles."""
    erased: int
    """Profiles."""
    records: int
    """Records of calls: verifications and enrollments."""

    def __add__(self, other: Retained) -> Retained:
        """Return both together."""
        return Retained(
            self.expired + other.expired, self.erased + other.erased, self.records + other.records
        )


async def retain(
    database: Database, tenant: TenantId, rules: RetentionRules, now: datetime
) -> Retained:
    """Expire, erase and delete what is due in a tenant at `now` (aware), and return how much.

    Answers kept for programs that ask again go after a day, calls on the desk after twelve hours,
    whatever the rules.
    Idempotent: killed halfway, it goes on when it is called again; two at once do each thing once.
    A profile that is being used at the moment is left for the next time. Raises
    `StoreUnavailableError`.
    """
    expire = partial(_expire, now=now)
    expired = await _each(database, tenant, expire, _before(now, rules.expire_days))
    erased = await _each(database, tenant, _erase, _before(now, rules.erase_days))
    records = await _each(database, tenant, _forget_records, _before(now, rules.records_days))
    await _each(database, tenant, _forget_batches, _before(now, rules.records_days))
    await database.fetch("forget-answers", storable(tenant), now - ANSWERS_KEPT, tenant=tenant)
    told = (storable(tenant), now - DESK_CALLS_KEPT)
    await database.fetch("forget-desk-calls", *told, tenant=tenant)
    return Retained(expired, erased, records)


async def forget_job_log(database: Database, now: datetime) -> None:
    """Delete what the queue noted of jobs more than a week before `now` (aware), of all tenants.

    It is there to find out what went wrong; nothing is looked up in it. `StoreUnavailableError`.
    """
    about = (now - JOB_LOG_KEPT, JOB_LOG_BATCH)
    while (row := await database.fetch_one("forget-job-log", *about, tenant=None)) is not None:
        if not row["forgotten"]:
            return


def _before(now: datetime, days: int | None) -> datetime | None:
    return None if days is None else now - timedelta(days=days)


class _Step(Protocol):
    """One batch of one kind: returns how many it did, 0 at the end."""

    async def __call__(
        self, transaction: Transaction, tenant: TenantId, before: datetime
    ) -> int: ...


async def _each(database: Database, tenant: TenantId, step: _Step, before: datetime | None) -> int:
    done = 0
    while before is not None and (
        batch := await database.transact(partial(step, tenant=tenant, before=before), tenant=tenant)
    ):
        done += batch
    return done


async def _expire(
    transaction: Transaction, tenant: TenantId, before: datetime, now: datetime
) -> int:
    rows = await transaction.fetch("expire-unused", storable(tenant), before, BATCH, now)
    for row in rows:
        await note(transaction, AuditEvent.PROFILE_EXPIRED, tenant, row["id"], BY, "unused")
    return len(rows)


async def _erase(transaction: Transaction, tenant: TenantId, before: datetime) -> int:
    due = await transaction.fetch("hold-expired", storable(tenant), before, BATCH)
    for row in due:
        await erase_person(transaction, tenant, row["account"])
    for row in due:
        await note(transaction, AuditEvent.PROFILE_ERASED, tenant, row["id"], BY, "expired")
    return len(due)


async def _forget_batches(transaction: Transaction, tenant: TenantId, before: datetime) -> int:
    row = await transaction.fetch_one("forget-batches", storable(tenant), before, BATCH)
    assert row is not None, "a count has a row"
    return int(row["forgotten"])


async def _forget_records(transaction: Transaction, tenant: TenantId, before: datetime) -> int:
    row = await transaction.fetch_one("forget-records", storable(tenant), before, BATCH)
    assert row is not None, "a count has a row"
    if row["forgotten"]:
        why = f"{row['forgotten']} records"
        await note(transaction, AuditEvent.RECORDS_EXPIRED, tenant, None, BY, why)
    return int(row["forgotten"])
