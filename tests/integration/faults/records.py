"""What stands in the database after a call: the only witness that counts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from uuid import uuid4

import asyncpg

from ivr.domain.call import AccountId, TenantId
from ivr.domain.enrollment import EnrollmentId, Recording
from ivr.storage.database import Database
from tests.integration.faults.waiting import until
from tests.postgres import store_on
from tests.unit.storage.records import enrolled

TENANT = TenantId("default")

_VERIFICATIONS = """
SELECT id::text, call, claim_account AS account, verdict, reason,
       (SELECT count(*) FROM attempts WHERE verification = id) AS attempts
FROM verifications WHERE NOT id::text = ANY($1) ORDER BY started_at
"""
_ENROLLMENTS = """
SELECT id::text, call, account, result AS verdict, reason,
       (SELECT count(*) FROM voiceprints WHERE enrollment = enrollments.id) AS attempts
FROM enrollments WHERE NOT id::text = ANY($1) ORDER BY started_at
"""
_WAITING = """
SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database
WHERE NOT granted AND datname = current_database()
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A verification, or an enrollment with its result for verdict and its voiceprints counted."""

    id: str
    call: str
    account: str | None
    verdict: str | None
    reason: str | None
    attempts: int

    @property
    def ending(self) -> tuple[str | None, str | None]:
        """Verdict and reason."""
        return self.verdict, self.reason


class Records:
    """The database as a test sees it; each question has a connection of its own."""

    def __init__(self, dsn: str) -> None:
        """Take the DSN; nothing is connected."""
        self.dsn = dsn
        self._seen: list[str] = []

    async def enroll(self, account: str, recordings: Sequence[Recording]) -> None:
        """Store a person as an enrollment call would."""
        person = enrolled(AccountId(account), TENANT)
        async with await Database.connect(self.dsn, connections=1) as database:
            store = await store_on(database)
            await store.enroll(
                replace(person, id=EnrollmentId(uuid4()), recordings=tuple(recordings))
            )

    async def begin(self) -> None:
        """Count from here on: what there is belongs to another test."""
        self._seen += [row.id for row in await self.verifications() + await self.enrollments()]

    async def verifications(self) -> list[Row]:
        """Return this test's verifications, those without a verdict too."""
        return await self._rows(_VERIFICATIONS)

    async def enrollments(self) -> list[Row]:
        """Return this test's enrollments."""
        return await self._rows(_ENROLLMENTS)

    async def verdicts(self, count: int) -> list[Row]:
        """Wait until so many verifications have begun and all have a verdict."""
        rows = await until(self.verifications, lambda rows: len(rows) >= count and _ended(rows))
        assert len(rows) == count, rows
        return rows

    async def all_ended(self) -> None:
        """Wait until no verification of this test is without its verdict."""
        await until(self.verifications, _ended)

    async def verdict(self) -> Row:
        """Wait for the one verdict of this test."""
        return (await self.verdicts(1))[0]

    async def enrollment(self) -> Row:
        """Wait for the one enrollment of this test."""
        rows = await until(self.enrollments)
        assert len(rows) == 1, rows
        return rows[0]

    @asynccontextmanager
    async def held(self, table: str = "verifications") -> AsyncIterator[None]:
        """Let nobody write to a table meanwhile; reading goes on."""
        connection = await asyncpg.connect(self.dsn)
        try:
            await connection.execute(f"BEGIN; LOCK TABLE {table} IN EXCLUSIVE MODE")
            yield
        finally:
            # Not a ROLLBACK: the server may be gone.
            connection.terminate()

    async def someone_waits(self) -> None:
        """Wait until a writer stands before a held table."""
        await until(self._waiting)

    async def _waiting(self) -> int:
        return int((await self._fetch(_WAITING))[0][0])

    async def _rows(self, query: str) -> list[Row]:
        return [Row(**dict(row)) for row in await self._fetch(query, self._seen)]

    async def _fetch(self, query: str, *values: object) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.dsn)
        try:
            return await connection.fetch(query, *values)
        finally:
            await connection.close()


def _ended(rows: Sequence[Row]) -> bool:
    return all(row.verdict is not None for row in rows)
