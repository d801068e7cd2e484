"""Who is locked out is found without asking for one person after another."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from ivr.cli import main
from ivr.domain.call import AccountId
from ivr.storage.store import PostgresStore
from tests.postgres import execute, write_master
from tests.unit.storage.records import OTHER_TENANT, enrolled

REJECTED = """
INSERT INTO lockouts (profile, tenant, rejects, last_reject_at)
SELECT p.id, p.tenant, r.rejects, now() - r.ago FROM profiles AS p JOIN (VALUES
    ('a', 2, interval '1 minute'),
    ('b', 3, interval '1 minute'),
    ('c', 3, interval '1 day'),
    ('d', 10, interval '1 year'),
    ('e', 4, interval '1 minute')
) AS r (account, rejects, ago) ON r.account = p.account
"""


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database_dsn: str) -> None:
    """The configuration of an operator at a server, who reads a profile at a time."""
    monkeypatch.setenv("COUNTERSIGN_DATABASE_DSN", database_dsn)
    monkeypatch.setenv("COUNTERSIGN_DATABASE_OUTBOX", str(tmp_path / "outbox"))
    monkeypatch.setenv("COUNTERSIGN_KEYS_MASTER_FILE", str(write_master(tmp_path / "key")))
    monkeypatch.setattr("ivr.storage.administration.PAGE", 1)


async def listed(capsys: pytest.CaptureFixture[str], *more: str) -> list[str]:
    """Return account, state and until when, of the locked."""
    assert await asyncio.to_thread(main, ("profiles", "list", "--locked", *more)) == 0
    printed = capsys.readouterr().out
    return ["".join(each) for each in re.findall(r" (\w enrolled) .* locked( until ..)", printed)]


async def test_only_those_who_are_locked_out_are_listed(
    postgres_store: PostgresStore, database_dsn: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With until when; nobody whose delay is over, or who was rejected less often."""
    for account in "abcd":
        await postgres_store.enroll(enrolled(AccountId(account)))
    await postgres_store.enroll(enrolled(AccountId("e"), OTHER_TENANT))
    assert await listed(capsys) == []
    await execute(database_dsn, REJECTED)
    told = ["b enrolled until 20", "d enrolled until `c", "e enrolled until 20"]
    assert await listed(capsys) == told
    assert await listed(capsys, "--tenant", OTHER_TENANT) == told[2:]


async def test_an_installation_that_never_delays_lists_those_it_locked(
    postgres_store: PostgresStore,
    database_dsn: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The rules are the configuration's, as in a call."""
    monkeypatch.setenv("COUNTERSIGN_LOCKOUT_DELAY_AFTER", "5")
    monkeypatch.setenv("COUNTERSIGN_LOCKOUT_LOCK_AFTER", "3")
    for account in "abc":
        await postgres_store.enroll(enrolled(AccountId(account)))
    await execute(database_dsn, REJECTED)
    assert await listed(capsys) == ["b enrolled until `c", "c enrolled until `c"]
