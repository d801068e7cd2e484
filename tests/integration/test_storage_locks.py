"""Everything at once: closing, enrolling, erasing and rotating meet without a deadlock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

from ivr.domain.enrollment import Enrollment, EnrollmentId
from ivr.storage.administration import ProfileAdministration
from ivr.storage.audit_chain import AuditEnd, verify
from ivr.storage.database import Database
from ivr.storage.keys import Keyring
from ivr.storage.keys.rotation import rotate_tenant
from ivr.storage.retention import RetentionRules, retain
from ivr.storage.store import PostgresStore
from tests.unit.storage.records import ACCOUNT, TENANT, accepted, enrolled, opening, rejected

ROUNDS = 6


async def test_what_happens_to_one_person_at_once_ends_well(
    database: Database, keyring: Keyring, postgres_store: PostgresStore
) -> None:
    """No statement fails, no half-profile is usable, and the audit trail is whole."""
    administration = ProfileAdministration(database)
    told = {"who": "ann", "why": "x"}
    for _ in range(ROUNDS):
        await postgres_store.enroll(_anew())
        profile = await postgres_store.find(TENANT, ACCOUNT)
        assert profile is not None
        ends = [accepted(opening()), rejected(opening()), accepted(opening())]
        work: list[Awaitable[object]] = [
            *(postgres_store.close(replace(end, profile=profile.id)) for end in ends),
            administration.reset(TENANT, ACCOUNT, **told),
            postgres_store.enroll(_anew()),
            administration.unlock(TENANT, ACCOUNT, **told),
            administration.erase(TENANT, ACCOUNT, **told),
            _rotated(database, keyring),
            retain(database, TENANT, RetentionRules(1, 1, 1), datetime(2028, 1, 1, tzinfo=UTC)),
        ]
        await asyncio.gather(*work)
        left = await postgres_store.find(TENANT, ACCOUNT)
        assert left is None or len(left.voiceprints) in (0, 3)
        await administration.erase(TENANT, ACCOUNT, **told)
    assert isinstance(await verify(database, TENANT), AuditEnd)


def _anew() -> Enrollment:
    return replace(enrolled(), id=EnrollmentId(uuid4()))


async def _rotated(database: Database, keyring: Keyring) -> None:
    async for _ in rotate_tenant(database, keyring, TENANT, who="ann", why="x"):
        pass
