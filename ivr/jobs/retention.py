"""Retention on a timetable: whichever worker is there does what is due, in every tenant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog

from ivr.domain.call import TenantId
from ivr.jobs.queue import Queue, Ticket
from ivr.ports import StoreUnavailableError
from ivr.storage import Database, Retained, RetentionRules, forget_job_log, retain, tenants

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Retention:
    """The duty (`ivr.jobs.Duty`) that expires, erases and deletes.

    What was due while no worker ran is done when one starts. The duty bears its rules in its name:
    a worker with others, or with none, does not take its turn away.
    """

    database: Database
    rules: RetentionRules
    now: Callable[[], datetime]
    when: str
    eager: bool = False

    @property
    def name(self) -> str:
        """Return what the duty is called in the timetable: the days of its rules, 0 for never."""
        rules = self.rules
        days = (rules.expire_days, rules.erase_days, rules.records_days)
        return f"retention {'/'.join(str(each or 0) for each in days)}"

    async def able(self) -> bool:
        """Return True: all of it is in the database."""
        return True

    async def look(self, queue: Queue) -> None:
        """Do all that is due; what fails for one tenant is raised after all have had theirs."""
        done, faults = await self._retained()
        if done != Retained(0, 0, 0):
            log.info(
                "retention_done",
                expired=done.expired,
                erased=done.erased,
                records=done.records,
            )
        if faults:
            log.warning("retention_incomplete", tenants=sorted(faults))
        await forget_job_log(self.database, self.now())
        for fault in faults.values():
            raise fault

    async def _retained(self) -> tuple[Retained, dict[TenantId, StoreUnavailableError]]:
        """Return how much was done, and what was in the way of whom."""
        done, faults = Retained(0, 0, 0), {}
        for tenant in await tenants(self.database):
            try:
                done += await retain(self.database, tenant, self.rules, self.now())
            except StoreUnavailableError as error:
                faults[tenant] = error
        return done, faults

    async def work(self, ticket: Ticket) -> None:
        """Return: nothing of this is ever queued."""
