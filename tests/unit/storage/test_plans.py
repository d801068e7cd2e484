"""Plans: with 100,000 profiles no query of ours reads a large table from end to end."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from uuid import uuid4

import asyncpg
import pytest

from ivr.storage.database import APPLICATION_ROLE
from ivr.storage.queries import SQL_FOLDER, load, query
from tests.postgres import execute, with_database

PROFILES = 100_000
BESIDE = 20_000
"""Rows of what not everybody has."""
LARGE_ROWS = 10_000
"""A table with so many rows is large."""
TENANT = "big"
_PROFILE = "('1' || lpad(n::text, 31, '0'))::uuid"
_CALL = "('2' || lpad(n::text, 31, '0'))::uuid"
_ENROLLMENT = "('3' || lpad(n::text, 31, '0'))::uuid"
_BATCH = "('5' || lpad(n::text, 31, '0'))::uuid"
_RECORDING = "('4' || lpad(n::text, 31, '0'))::uuid"

FILL = f"""
SET session_replication_role = replica;
SET synchronous_commit = off;
SET maintenance_work_mem = '256MB';
INSERT INTO tenants VALUES ('{TENANT}'), ('other');
INSERT INTO tenant_keys VALUES ('{TENANT}', 1, 'm', ''), ('{TENANT}', 2, 'm', '');
INSERT INTO profiles (id, tenant, account, state, locale, passphrase, tenant_key, data_key, used_at)
SELECT {_PROFILE}, '{TENANT}', n::text,
    CASE n % 50 WHEN 0 THEN 'expired' ELSE 'enrolled' END, 'en-US', 'p', 1 + n % 2, '',
    now() - n * interval '5 minutes'
FROM generate_series(1, {PROFILES}) AS n;
INSERT INTO enrollments
SELECT {_ENROLLMENT}, 'c', '{TENANT}', 'w', n::text, CASE WHEN n % 10 > 0 THEN {_PROFILE} END,
    'en-US', 'p', 'ENROLLED', 'COMPLETE', now(), now() - n * interval '5 minutes'
FROM generate_series(1, {PROFILES}) AS n;
INSERT INTO recordings
SELECT {_RECORDING}, '{TENANT}', {_PROFILE}, {_ENROLLMENT}, 1, '', '', '', now()
FROM generate_series(1, {PROFILES}) AS n;
INSERT INTO voiceprints (tenant, profile, enrollment, recording, model, embedding, seal,
    net_speech_s, snr_db, level_dbfs, clipped)
SELECT '{TENANT}', {_PROFILE}, {_ENROLLMENT}, {_RECORDING}, 'm', '\\x00000000', sha256(''),
    1, 1, 1, 0
FROM generate_series(1, {PROFILES}) AS n;
INSERT INTO consents (tenant, profile, enrollment, text_version, given, given_at)
SELECT '{TENANT}', {_PROFILE}, {_ENROLLMENT}, 'x', 'key_press', now()
FROM generate_series(1, {PROFILES}) AS n;
INSERT INTO verifications (id, call, tenant, worker, started_at, claim_account, claim_source,
    profile, verdict, reason, confidence, ended_at)
SELECT {_CALL}, 'c', '{TENANT}', 'w', now(), n::text, 'dialplan', {_PROFILE},
    v, CASE v WHEN 'ACCEPT' THEN 'MATCH' END, CASE v WHEN 'ACCEPT' THEN 99 END,
    CASE v WHEN 'ACCEPT' THEN now() - n * interval '5 minutes' END
FROM generate_series(1, {PROFILES}) AS n,
    LATERAL (SELECT CASE WHEN n % 1000 > 0 THEN 'ACCEPT' END AS v) AS v;
INSERT INTO attempts (tenant, verification, number, verdict, reason)
SELECT '{TENANT}', {_CALL}, 1, 'ACCEPT', 'MATCH' FROM generate_series(1, {BESIDE}) AS n;
INSERT INTO heard_fingerprints
SELECT {_CALL}, '{TENANT}', {_PROFILE}, ARRAY['\\x00'::bytea], now()
FROM generate_series(1, {BESIDE}) AS n;
INSERT INTO lockouts SELECT {_PROFILE}, '{TENANT}', 1, now()
FROM generate_series(1, {BESIDE}) AS n;
INSERT INTO caller_lockouts
SELECT '{TENANT}', sha256(n::text::bytea), 1, now() - n * interval '5 minutes'
FROM generate_series(1, {BESIDE}) AS n;
INSERT INTO groups SELECT '{TENANT}', n::text FROM generate_series(1, 100) AS n;
INSERT INTO group_members SELECT '{TENANT}', (n % 1000)::text, {_PROFILE}
FROM generate_series(1, {BESIDE}) AS n;
INSERT INTO enrollment_warnings
SELECT {_ENROLLMENT}, 'WATCHLISTED', '{TENANT}', {_PROFILE}, now(), now()
FROM generate_series(1, {BESIDE}) AS n;
INSERT INTO audit (tenant, who, what, whom, why, number, hash)
SELECT '{TENANT}', 'w', 'verification_closed', {_PROFILE}, 'MATCH', n, ''
FROM generate_series(1, {PROFILES}) AS n;
INSERT INTO audit_heads VALUES ('{TENANT}', {PROFILES}, '');
INSERT INTO azure_profiles (profile, tenant, kind)
SELECT {_PROFILE}, '{TENANT}', 'text_dependent_verification' FROM generate_series(1, {BESIDE}) AS n;
INSERT INTO batches (id, tenant, kind, name, folder, ordered_by, items)
SELECT {_BATCH}, '{TENANT}', 'verify', sha256(n::text::bytea), '/' || n % 10, 'x', 20
FROM generate_series(0, {BESIDE} / 20) AS n;
INSERT INTO batch_items (id, tenant, batch, number, account, files, stamp, result, reason, ended_at)
SELECT {_CALL}, '{TENANT}', ('5' || lpad((n / 20)::text, 31, '0'))::uuid, 1 + n % 20, n::text,
    ARRAY['/x'], sha256(''), d, d, CASE WHEN d IS NOT NULL THEN now() - n * interval '5 minutes' END
FROM generate_series(1, {BESIDE}) AS n,
    LATERAL (SELECT CASE WHEN n % 100 > 0 THEN 'ACCEPT' END AS d) AS d;
"""

OF_THE_OWNER = {"note-migration"}
WHOLE_TENANT = {"profiles-of-tenant", "desk-profiles", "profiles-by-model"}
"""Asked about a tenant's every profile, a scan of the table is the best there is."""


@pytest.fixture(scope="module")
def large_dsn(server_dsn: str, template_database: str) -> Iterator[str]:
    """The DSN of a database with 100,000 profiles, each with voice, consent, calls and trail.

    Ids that ascend keep the filling short: their rows go to the end of each index.
    """
    name = f"countersign_large_{uuid4().hex[:8]}"
    dsn = with_database(server_dsn, name)
    asyncio.run(execute(server_dsn, f'CREATE DATABASE "{name}" TEMPLATE "{template_database}"'))
    asyncio.run(execute(dsn, FILL))
    asyncio.run(execute(dsn, "ANALYZE"))
    yield dsn
    asyncio.run(execute(server_dsn, f'DROP DATABASE "{name}" WITH (FORCE)'))


VALUES = {
    "text": "'1'",
    "bigint": "100",
    "integer": "2",
    "smallint": "1",
    "timestamptz": "(now() - interval '340 days')",
    "uuid": "('1' || lpad('7', 31, '0'))::uuid",
    "bytea": "sha256('7')",
    "boolean": "true",
    "double precision": "0.5",
    "uuid[]": "ARRAY[('1' || lpad('7', 31, '0'))::uuid]",
    "text[]": "ARRAY['ACCEPT']",
    "double precision[]": "ARRAY[0.5]::double precision[]",
    "jsonb": "'{}'",
    "bytea[]": "ARRAY['\\x00'::bytea]",
}
"""A value for a parameter of each type, such as finds something."""


def explainable(sql: str) -> str:
    """Return the statement with likely values for its parameters: tenant, words and the rest."""
    for tenant in (
        "tenant",
        "a.tenant",
        "p.tenant",
        "g.tenant",
        "s.tenant",
        "k.tenant",
        "v.tenant",
        "i.tenant",
    ):
        sql = sql.replace(f"{tenant} = $1::text", f"{tenant} = '{TENANT}'::text")
    return re.sub(r"\$\d+::(double precision\[\]|double precision|\w+(?:\[\])?)", _value, sql)


def _value(match: re.Match[str]) -> str:
    return f"{VALUES[match[1]]}::{match[1]}"


def scans(plan: object) -> Iterator[str]:
    """Yield the tables that a plan reads from end to end."""
    match plan:
        case {"Node Type": "Seq Scan", "Relation Name": str(table), **rest}:
            yield table
            yield from scans(list(rest.values()))
        case dict():
            yield from scans(list(plan.values()))
        case list():
            for part in plan:
                yield from scans(part)
        case _:
            pass


async def test_no_query_reads_a_large_table_from_end_to_end(large_dsn: str) -> None:
    """As the application's role, with its row-level security; each offender is named."""
    connection = await asyncpg.connect(large_dsn)
    try:
        large = {
            row["relname"]
            for row in await connection.fetch(
                "SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples >= $1", LARGE_ROWS
            )
        }
        assert {"profiles", "voiceprints", "verifications", "attempts", "audit"} <= large
        await connection.execute(f"SET ROLE {APPLICATION_ROLE}")
        await connection.execute(f"SET countersign.tenant = '{TENANT}'")
        offenders = {
            one.name: sorted(found)
            for one in load(SQL_FOLDER / "queries").values()
            if one.name not in OF_THE_OWNER
            and (found := large & set(scans(await _plan(connection, one.sql))))
        }
    finally:
        await connection.close()
    assert set(offenders) <= WHOLE_TENANT, offenders


async def test_a_verdict_asks_once_what_is_to_be_forgotten(database_dsn: str) -> None:
    """Also by the plan for tables that were empty when they were last looked at.

    A plan that asked at each row took longer with every verdict, until the next ANALYZE.
    """
    await execute(database_dsn, "VACUUM ANALYZE")
    connection = await asyncpg.connect(database_dsn)
    try:
        plan = await _plan(connection, query("close-verification").sql)
    finally:
        await connection.close()
    (deletion,) = [
        node
        for node in nodes(plan)
        if (node.get("Operation"), node.get("Relation Name")) == ("Delete", "heard_fingerprints")
    ]
    assert not [node for node in nodes(deletion) if node.get("Join Type") == "Semi"]


def nodes(plan: object) -> Iterator[dict[str, object]]:
    """Yield the nodes of a plan."""
    parts = (
        plan if isinstance(plan, list) else list(plan.values()) if isinstance(plan, dict) else []
    )
    if isinstance(plan, dict) and "Node Type" in plan:
        yield plan
    for part in parts:
        yield from nodes(part)


async def _plan(connection: asyncpg.Connection[asyncpg.Record], sql: str) -> object:
    return json.loads(await connection.fetchval(f"EXPLAIN (FORMAT JSON) {explainable(sql)}"))
