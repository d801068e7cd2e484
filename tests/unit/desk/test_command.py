"""`countersign desk`: users are added, listed and removed; feedback is printed."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import pytest

from ivr.cli import main
from ivr.domain.desk import DeskUser, Role
from ivr.storage.database import Database
from ivr.storage.desk_calls import DeskCalls
from ivr.storage.desk_users import DeskUsers
from ivr.storage.store import PostgresStore
from tests.postgres import write_master
from tests.unit.storage.records import TENANT, accepted, opening

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database_dsn: str) -> None:
    """The configuration of an operator at a server."""
    monkeypatch.setenv("COUNTERSIGN_DATABASE_DSN", database_dsn)
    monkeypatch.setenv("COUNTERSIGN_KEYS_MASTER_FILE", str(write_master(tmp_path / "key")))


async def run(monkeypatch: pytest.MonkeyPatch, *arguments: str, typed: str = "") -> int:
    """Run a command with something on standard input."""
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    return await asyncio.to_thread(main, ("desk", *arguments))


async def test_users_come_and_go(
    database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Added with a password that is kept as a hash; listed; removed once."""
    add = ("users", "add", "ann", "--agent", "1001")
    assert await run(monkeypatch, *add, typed="short\n") == 1
    assert await run(monkeypatch, "users", "add", "ann", typed=f"{PASSWORD}\n") == 1
    assert await run(monkeypatch, *add, typed=f"{PASSWORD}\n") == 0
    found = await DeskUsers(database).find("ann")
    assert found is not None
    assert (found[0].role, found[0].agent) == (Role.AGENT, "1001")
    assert PASSWORD not in found[1]
    capsys.readouterr()
    assert await run(monkeypatch, "users", "list") == 0
    assert capsys.readouterr().out == "default\tann\tagent\t1001\n"
    other = (*add, "--tenant", "another")
    assert await run(monkeypatch, *other, typed=f"{PASSWORD}\n") == 1
    assert await run(monkeypatch, "users", "remove", "ann") == 0
    assert await run(monkeypatch, "users", "remove", "ann") == 1


async def test_feedback_is_printed_with_its_evidence(
    database: Database,
    postgres_store: PostgresStore,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A line for each verification, for the calibration."""
    begun, user = opening(), DeskUser("ann", TENANT, Role.AGENT, "1001")
    await postgres_store.close(accepted(begun))
    assert await DeskCalls(database).feedback(user, begun.id, same_person=False)
    assert await run(monkeypatch, "feedback", "--tenant", TENANT) == 0
    line = capsys.readouterr().out.splitlines()[1]
    assert line.startswith(f"{begun.id},0,ACCEPT,MATCH,7.2500,")
