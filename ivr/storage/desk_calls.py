"""What the desk shows, as it changes, and what is said there."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

from engine.types import Llr, ModelId, Reason, Verdict
from ivr.domain.call import CallId, TenantId
from ivr.domain.desk import Card, DeskUser, Feedback, Gone, StepUp, StepUpState
from ivr.domain.verification import VerificationId
from ivr.storage.administration import tenants
from ivr.storage.database import Database, Row
from ivr.storage.desk_feed import KEPT
from ivr.storage.text import storable

CHANNEL = "countersign_desk"
"""Where the schema's trigger notifies: the number, a space, the tenant.

And an erasure: `gone`, the verification, the tenant, with spaces between them.
"""


class DeskCalls:
    """Calls as the desk shows them. `StoreUnavailableError` from every method but `changes`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def changes(self) -> AsyncIterator[TenantId | Gone | None]:
        """Yield whose calls changed, or which is gone; None where that may have been missed."""
        async for told in self._database.notices(CHANNEL):
            yield None if told is None else _change(told)

    async def tenants(self) -> Sequence[TenantId]:
        """Return whose calls there may be."""
        return await tenants(self._database)

    async def cards(self, tenant: TenantId, after: int, agent: str | None) -> Sequence[Card]:
        """Return what changed after a number, in its order; of one agent's calls, or of all.

        At most the newest 500 calls.
        """
        sees = None if agent is None else storable(agent)
        columns = (storable(tenant), after, sees, _oldest(), None)
        rows = await self._database.fetch("desk-cards", *columns, tenant=tenant)
        return tuple(_card(row, tenant) for row in rows)

    async def card(self, tenant: TenantId, verification: VerificationId) -> Card | None:
        """Return a call, however many are newer; None where it is not on the desk."""
        columns = (storable(tenant), 0, None, _oldest(), verification)
        row = await self._database.fetch_one("desk-cards", *columns, tenant=tenant)
        return None if row is None else _card(row, tenant)

    async def find(self, user: DeskUser, name: str) -> VerificationId | None:
        """Return the newest call of a channel or a verification, if the user may see it."""
        sees = None if user.sees is None else storable(user.sees)
        columns = (storable(user.tenant), storable(name), sees, _oldest())
        row = await self._database.fetch_one("find-desk-call", *columns, tenant=user.tenant)
        return None if row is None else VerificationId(row["verification"])

    async def offer(self, tenant: TenantId, name: str, agent: str) -> VerificationId | None:
        """Show a call, named by channel or verification, to an agent; None where it is unknown."""
        names = (storable(tenant), storable(name), None, _oldest())
        row = await self._database.fetch_one("find-desk-call", *names, tenant=tenant)
        if row is None:
            return None
        columns = (storable(tenant), row["verification"], storable(agent))
        await self._database.fetch("offer-desk-call", *columns, tenant=tenant)
        return VerificationId(row["verification"])

    async def step_up(self, tenant: TenantId, verification: VerificationId, asked: StepUp) -> None:
        """Note what an agent asks for."""
        note = json.dumps({"step_up": {"asked": asked, "state": StepUpState.WANTED}})
        columns = (storable(tenant), verification, note)
        await self._database.fetch("note-on-desk-call", *columns, tenant=tenant)

    async def move_step_up(
        self,
        tenant: TenantId,
        verification: VerificationId,
        before: StepUpState,
        after: StepUpState,
    ) -> StepUp | None:
        """Note how far it has come, and return what is asked for; None: it was elsewhere already.

        Of several who move it from the same state, one does.
        """
        columns = (storable(tenant), verification, before, after)
        row = await self._database.fetch_one("move-step-up", *columns, tenant=tenant)
        return None if row is None else StepUp(row["asked"])

    async def feedback(
        self, user: DeskUser, verification: VerificationId, *, same_person: bool
    ) -> bool:
        """Keep what a user found out about who called; False where there is no verdict yet."""
        answer = "yes" if same_person else "no"
        columns = (storable(user.tenant), verification, answer, storable(user.name))
        rows = await self._database.fetch("give-feedback", *columns, tenant=user.tenant)
        if rows:
            touch = (storable(user.tenant), verification, "{}")
            await self._database.fetch("note-on-desk-call", *touch, tenant=user.tenant)
        return bool(rows)

    async def all_feedback(self, tenant: TenantId) -> Sequence[Feedback]:
        """Return all that was found out, oldest first."""
        rows = await self._database.fetch("list-feedback", storable(tenant), tenant=tenant)
        return tuple(_feedback(row) for row in rows)

    async def figures(self, tenant: TenantId, begin: datetime, end: datetime) -> str:
        """Return a tenant's rates between two times, as JSON."""
        columns = (storable(tenant), begin, end)
        row = await self._database.fetch_one("desk-figures", *columns, tenant=tenant)
        assert row is not None, "it has always one row"
        return str(row["figures"])

    async def profiles(self, tenant: TenantId, model: ModelId) -> str:
        """Return how a tenant's profiles are, as JSON, where `model` compares voices."""
        columns = (storable(tenant), model)
        row = await self._database.fetch_one("desk-profiles", *columns, tenant=tenant)
        assert row is not None, "it has always one row"
        return str(row["profiles"])


def _change(told: str) -> TenantId | Gone:
    what, _, about = told.partition(" ")
    if what != "gone":
        return TenantId(about)
    verification, _, tenant = about.partition(" ")
    return Gone(VerificationId(UUID(verification)), TenantId(tenant))


def _oldest() -> datetime:
    """Return when a call began that is just still on the desk, be it removed by then or not."""
    return datetime.now(UTC) - KEPT


def _card(row: Row, tenant: TenantId) -> Card:
    return Card(
        number=row["number"],
        verification=VerificationId(row["verification"]),
        tenant=tenant,
        call=CallId(row["call"]),
        worker=row["worker"],
        agents=frozenset(row["agents"]),
        body=row["card"],
    )


def _feedback(row: Row) -> Feedback:
    return Feedback(
        verification=VerificationId(row["verification"]),
        same_person=row["same_person"],
        verdict=Verdict(row["verdict"]),
        reason=Reason(row["reason"]),
        llr=None if row["llr"] is None else Llr(row["llr"]),
        model=None if row["model"] is None else ModelId(row["model"]),
        said_at=row["said_at"],
    )
