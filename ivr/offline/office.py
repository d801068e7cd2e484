"""What the work on files is done with."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ivr.domain.call import TenantId
from ivr.flows.rules import EnrollRules, VerifyRules
from ivr.ports import Clock, Keys, ProfileStore, Voice

WORKER = "files"
"""Stands in the records where a call has the application that took it."""


@dataclass(frozen=True, slots=True)
class Office:
    """The ports and rules that all files share.

    The store is PostgreSQL itself, no outbox before it: nobody waits on a line, and a verdict that
    cannot be written is not told.
    """

    store: ProfileStore
    voice: Voice
    keys: Keys
    clock: Clock
    verify: VerifyRules = field(default_factory=VerifyRules)
    enroll: EnrollRules = field(default_factory=EnrollRules)
    worker: str = WORKER
    """Who stands in the records and in the audit trail."""

    async def of_tenant(self, tenant: TenantId) -> Office:
        """Return the same at a tenant's own operating points.

        `StoreUnavailableError`; `RateUnreachableError` where another voice model came since.
        """
        own = await self.store.own_rates(tenant)
        return replace(self, voice=self.voice.at(own)) if own else self
