"""Answers kept for a day, so that a request with an idempotency key is done once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from ivr.domain.call import TenantId
from ivr.storage.database import Database, Transaction
from ivr.storage.keys import Keyring
from ivr.storage.stamps import API_ANSWERS
from ivr.storage.text import storable

KEPT: Final = timedelta(days=1)
ABANDONED_AFTER: Final = timedelta(minutes=2)
"""Whoever does a request says so some times in between: who was last seen so long ago is gone."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as it is known again."""

    tenant: TenantId
    key: UUID
    """The API key."""
    name: bytes
    """SHA-256 of the idempotency key, 32 octets."""
    request: bytes
    """A keyed hash of the request, 32 octets: an account in its path is not found by trying."""


@dataclass(frozen=True, slots=True)
class Undertaking:
    """A request that is to be done now, by whoever holds this; another may take it over."""

    asked: Asked
    id: UUID

    @property
    def place(self) -> tuple[UUID, bytes, UUID]:
        """Where it is written, as long as nobody takes it over."""
        return self.asked.key, self.asked.name, self.id


@dataclass(frozen=True, slots=True)
class Answered:
    """What is known of an idempotency key."""

    same: bool
    """Whether it came with the same request."""
    status: int | None
    """None: it is being done."""
    body: bytes | None


class ApiAnswers:
    """The kept answers. `StoreUnavailableError` from every method."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def begin(self, asked: Asked, now: datetime) -> Undertaking | Answered:
        """Return an undertaking where the request is to be done now, else what is known of it.

        `RowNotOursError` where nobody of us wrote the answer.
        """
        undertaking = Undertaking(asked, uuid4())

        async def work(transaction: Transaction) -> Undertaking | Answered:
            tenant = storable(asked.tenant)
            await transaction.execute("forget-answers", tenant, now - KEPT)
            columns = (asked.key, asked.name, tenant, asked.request, undertaking.id)
            if await transaction.fetch_one("claim-answer", *columns, now - ABANDONED_AFTER):
                return undertaking
            row = await transaction.fetch_one("find-answer", asked.key, asked.name)
            if row is None:
                # It was dropped at this very moment, and nobody does it now.
                return Answered(same=True, status=None, body=None)
            if row["status"] is not None:
                API_ANSWERS.check(row, row["stamp"], self._keyring)
            return Answered(row["request"] == asked.request, row["status"], row["body"])

        return await self._database.transact(work, tenant=asked.tenant)

    async def renew(self, undertaking: Undertaking) -> None:
        """Say that the request is still being done, long before `ABANDONED_AFTER`."""
        await self._database.fetch(
            "renew-answer", *undertaking.place, tenant=undertaking.asked.tenant
        )

    async def concern(self, undertaking: Undertaking, account: str) -> None:
        """Note whom the request is about, before anything of the person is read.

        Erased meanwhile, the person takes it along, and no answer is kept.
        """
        columns = (*undertaking.place, storable(account))
        await self._database.fetch("concern-answer", *columns, tenant=undertaking.asked.tenant)

    async def keep(self, undertaking: Undertaking, status: int, body: bytes) -> None:
        """Keep the answer, unless another took the request over or its person was erased."""
        asked = undertaking.asked
        row = {"api_key": asked.key, "name": asked.name, "tenant": storable(asked.tenant)}
        row |= {"request": asked.request, "status": status, "body": body}
        columns = (*undertaking.place, status, body, API_ANSWERS.stamp(row, self._keyring))
        await self._database.fetch("keep-answer", *columns, tenant=asked.tenant)

    async def drop(self, undertaking: Undertaking) -> None:
        """Forget a request that was not done, unless another took it over: it may be sent again."""
        await self._database.fetch(
            "drop-answer", *undertaking.place, tenant=undertaking.asked.tenant
        )
