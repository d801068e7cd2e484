"""`countersign desk`: users are added, listed and removed; feedback is printed."""

from __future__ import annotations

import asyncio
import getpass
import io
from pathlib import Path

import pytest

from ivr.cli import main
from ivr.domain.call import TenantId
from ivr.domain.desk import DeskUser, Role
from ivr.storage.browsing import Browsing
from ivr.storage.database import Database
from ivr.storage.desk_calls import DeskCalls
from ivr.storage.desk_users import DeskUsers
from ivr.storage.keys import Keyring
from ivr.storage.store import PostgresStore
from tests.postgres import write_master
from tests.unit.storage.records import TENANT, accepted, opening

PASSWORD = "correct horse battery"
WHY = ("--why", "ticket 12")


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
    database: Database,
    keyring: Keyring,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Added with a password that is kept as a hash; listed; removed once."""
    add = ("users", "add", "ann", "--agent", "1001", *WHY)
    assert await run(monkeypatch, *add, typed="short\n") == 1
    assert await run(monkeypatch, "users", "add", "ann", *WHY, typed=f"{PASSWORD}\n") == 1
    assert await run(monkeypatch, *add, typed=f"{PASSWORD}\n") == 0
    found = await DeskUsers(database, keyring).find("ann")
    assert found is not None
    assert (found[0].role, found[0].agent) == (Role.AGENT, "1001")
    assert PASSWORD not in found[1]
    capsys.readouterr()
    assert await run(monkeypatch, "users", "list") == 0
    ((known, _),) = await DeskUsers(database, keyring).list(TenantId("default"))
    assert capsys.readouterr().out == f"default\tann\tagent\t1001\t{known}\n"
    other = (*add, "--tenant", "another")
    assert await run(monkeypatch, *other, typed=f"{PASSWORD}\n") == 1
    assert await run(monkeypatch, "users", "remove", "ann", *WHY) == 0
    assert str(known) in capsys.readouterr().out
    assert await run(monkeypatch, "users", "remove", "ann", *WHY) == 1


async def test_whoever_lets_people_in_is_in_the_audit_trail(
    database: Database, keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Added, changed, removed: by whom and why, and whom by an id; what was refused is not."""
    add = ("users", "add", "ann", "--agent", "1001", "--why")
    assert await run(monkeypatch, *add, "ticket 12", typed=f"{PASSWORD}\n") == 0
    ((known, _),) = await DeskUsers(database, keyring).list(TenantId("default"))
    assert await run(monkeypatch, *add, "ticket 13", typed=f"{PASSWORD}\n") == 0
    other = (*add, "ticket 14", "--tenant", "another")
    assert await run(monkeypatch, *other, typed=f"{PASSWORD}\n") == 1
    assert await run(monkeypatch, "users", "remove", "bob", "--why", "ticket 15") == 1
    assert await run(monkeypatch, "users", "remove", "ann", "--why", "ticket 16") == 0
    trail = await Browsing(database).audit(TenantId("default"), 0, 100)
    assert [(each.what, each.whom, each.who, each.why) for each in trail] == [
        ("desk_user_added", known, getpass.getuser(), "ticket 12"),
        ("desk_user_changed", known, getpass.getuser(), "ticket 13"),
        ("desk_user_removed", known, getpass.getuser(), "ticket 16"),
    ]
    assert await Browsing(database).audit(TenantId("another"), 0, 100) == ()


async def test_no_user_comes_or_goes_without_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """As no key of the API does."""
    for action in ("add", "remove"):
        with pytest.raises(SystemExit):
            await run(monkeypatch, "users", action, "ann", typed=f"{PASSWORD}\n")


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
