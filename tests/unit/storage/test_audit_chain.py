"""The audit trail: whatever a superuser does to a row is found."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from ivr.domain.call import TenantId
from ivr.storage.administration import tenants
from ivr.storage.audit_chain import AuditEnd, AuditEntry, AuditFault, ends, entry_hash, verify
from ivr.storage.database import Database
from ivr.storage.store import PostgresStore
from tests.postgres import execute
from tests.unit.storage.records import OTHER_TENANT, TENANT, accepted, declined, opening

ENTRY = AuditEntry(
    number=1,
    at=datetime(2026, 1, 2, 3, 4, 5, 60, tzinfo=UTC),
    tenant=TenantId("t"),
    who="ann",
    what="profile_erased",
    whom=UUID(int=1),
    about=None,
    why="x",
)


async def fill(store: PostgresStore) -> None:
    """Write six entries of one tenant and one of another."""
    for _ in range(5):
        await store.close(accepted(opening()))
    await store.enroll(declined())
    await store.close(accepted(opening(tenant=OTHER_TENANT)))


async def tampered(dsn: str, statement: str) -> None:
    """Do something to the trail as a superuser who takes its triggers away meanwhile."""
    await execute(
        dsn,
        f"ALTER TABLE audit DISABLE TRIGGER ALL; {statement}; ALTER TABLE audit ENABLE TRIGGER ALL",
    )


async def test_a_trail_that_nobody_touched_is_whole(
    database: Database, postgres_store: PostgresStore
) -> None:
    """Python computes the hashes that the database computed; each tenant has its own chain."""
    await fill(postgres_store)
    found = [await verify(database, tenant) for tenant in await tenants(database)]
    assert [(end.tenant, end.entries) for end in found if isinstance(end, AuditEnd)] == [
        (TENANT, 6),
        (OTHER_TENANT, 1),
    ]
    assert tuple(found) == await ends(database, [TENANT, OTHER_TENANT])


async def test_a_tenant_without_a_trail_is_whole(database: Database) -> None:
    """Nothing happened, and nothing is recorded to have."""
    assert await verify(database, TenantId("nobody")) == AuditEnd(TenantId("nobody"), 0, b"")


@pytest.mark.parametrize(
    ("statement", "number", "what"),
    [
        ("UPDATE audit SET why = 'x' WHERE number = 3", 3, "was changed"),
        ("UPDATE audit SET who = 'eve' WHERE number = 1", 1, "was changed"),
        ("UPDATE audit SET at = at + interval '1 us' WHERE number = 6", 6, "was changed"),
        ("UPDATE audit SET whom = gen_random_uuid() WHERE number = 2", 2, "was changed"),
        ("UPDATE audit SET about = NULL WHERE number = 2", 2, "was changed"),
        ("UPDATE audit SET hash = '' WHERE number = 6", 6, "was changed"),
        ("DELETE FROM audit WHERE number = 1", 1, "is missing"),
        ("DELETE FROM audit WHERE number = 4", 4, "is missing"),
        ("DELETE FROM audit WHERE number = 6", 6, "is missing"),
        ("DELETE FROM audit WHERE number > 2", 3, "is missing"),
        ("DELETE FROM audit", 1, "is missing"),
        (
            "DELETE FROM audit WHERE number = 3; UPDATE audit SET number = number - 100 "
            "WHERE number > 3; UPDATE audit SET number = number + 99 WHERE number < 0",
            3,
            "was changed",
        ),
        (
            "UPDATE audit SET number = 99 WHERE number = 3; UPDATE audit SET number = 3 "
            "WHERE number = 4; UPDATE audit SET number = 4 WHERE number = 99",
            3,
            "was changed",
        ),
        (
            "INSERT INTO audit (tenant, who, what, why, number, hash) "
            f"VALUES ('{TENANT}', 'eve', 'profile_erased', 'x', 7, 'y')",
            7,
            "was changed",
        ),
        ("UPDATE audit SET tenant = 'x' WHERE number = 2", 2, "is missing"),
    ],
)
async def test_tampering_is_found(
    database: Database,
    postgres_store: PostgresStore,
    database_dsn: str,
    statement: str,
    number: int,
    what: str,
) -> None:
    """Edited, deleted, also the last, moved or added: the first wrong entry is named."""
    await fill(postgres_store)
    ours = statement.replace(" WHERE ", f" WHERE tenant = '{TENANT}' AND ")
    await tampered(database_dsn, ours)
    fault = await verify(database, TENANT)
    assert isinstance(fault, AuditFault)
    assert (fault.number, fault.what.partition(",")[0].partition(";")[0]) == (number, what)


async def test_a_last_entry_deleted_with_its_end_is_found_by_an_anchor(
    database: Database, postgres_store: PostgresStore, database_dsn: str
) -> None:
    """Who forges the end too leaves a whole chain, which no longer passes through the anchor."""
    await fill(postgres_store)
    anchors = await ends(database, [TENANT])
    assert await verify(database, TENANT, anchors) == anchors[0]
    await tampered(database_dsn, f"DELETE FROM audit WHERE number = 6 AND tenant = '{TENANT}'")
    await execute(
        database_dsn,
        "UPDATE audit_heads AS h SET entries = 5, hash = a.hash FROM audit AS a "
        f"WHERE a.tenant = h.tenant AND a.number = 5 AND h.tenant = '{TENANT}'",
    )
    assert isinstance(await verify(database, TENANT), AuditEnd)
    fault = await verify(database, TENANT, anchors)
    assert fault == AuditFault(TENANT, 6, "is missing; 6 entries were anchored")
    await postgres_store.close(accepted(opening()))
    fault = await verify(database, TENANT, anchors)
    assert fault == AuditFault(TENANT, 6, "is another than the one that was anchored")


def test_every_field_is_covered_and_no_two_entries_are_hashed_alike() -> None:
    """Text that moves from one field to the next changes the hash."""
    changes: list[dict[str, object]] = [
        {"number": 2},
        {"at": ENTRY.at.replace(microsecond=61)},
        {"tenant": "u"},
        {"who": "an", "what": "nprofile_erased"},
        {"whom": None, "about": UUID(int=1)},
        {"about": UUID(int=0)},
        {"why": ""},
    ]
    hashes = {entry_hash(b"", replace(ENTRY, **change)) for change in ({}, *changes)}  # type: ignore[arg-type]
    assert len(hashes) == len(changes) + 1
    assert entry_hash(b"before", ENTRY) not in hashes
