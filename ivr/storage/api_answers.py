"""Answers kept for a day, so that a request with an idempotency key is done once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from ivr.domain.call import TenantId
from ivr.storage.database import Database, Transaction
from ivr.storage.text import storable

KEPT: Final = timedelta(days=1)
ABANDONED_AFTER: Final = timedelta(minutes=2)
"""Longer than any request may take: whoever began it then is gone."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, as it is known again."""

    tenant: TenantId
    key: UUID
    """The API key."""
    name: bytes
    """SHA-256 of the idempotency key, 32 octets."""
    request: bytes
    """SHA-256 of the request, 32 octets."""


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

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, asked: Asked, now: datetime) -> Answered | None:
        """Return None where the request is to be done now, else what is known of it."""

        async def work(transaction: Transaction) -> Answered | None:
            tenant = storable(asked.tenant)
            await transaction.execute("forget-answers", tenant, now - KEPT)
            columns = (asked.key, asked.name, tenant, asked.request)
            if await transaction.fetch_one("claim-answer", *columns, now - ABANDONED_AFTER):
                return None
            row = await transaction.fetch_one("find-answer", asked.key, asked.name)
            assert row is not None, "whoever conflicts is seen after the conflict"
            return Answered(row["request"] == asked.request, row["status"], row["body"])

        return await self._database.transact(work, tenant=asked.tenant)

    async def keep(self, asked: Asked, status: int, body: bytes, account: str | None) -> None:
        """Keep the answer; `account` is whom it is about, to be erased with the person."""
        about = None if account is None else storable(account)
        columns = (asked.key, asked.name, status, body, about)
        await self._database.fetch("keep-answer", *columns, tenant=asked.tenant)

    async def drop(self, asked: Asked) -> None:
        """Forget a request that was not done: it may be sent again."""
        await self._database.fetch("drop-answer", asked.key, asked.name, tenant=asked.tenant)
