"""The commands for people, keys and audit, on a database of their own."""

from __future__ import annotations

import asyncio
import base64
import getpass
import json
import re
from pathlib import Path

import asyncpg
import pytest

from ivr.cli import main
from ivr.domain.call import AccountId
from ivr.domain.consent import ConsentGiven
from ivr.domain.profile import ProfileState
from ivr.storage.keys import Keyring
from ivr.storage.letters import LetterBox
from ivr.storage.outbox import unavailable
from ivr.storage.store import PostgresStore
from tests.postgres import MASTER, column, execute, write_master
from tests.unit.storage.records import ACCOUNT, OTHER_TENANT, TENANT, accepted, enrolled, opening

NEW_KEY = bytes(range(100, 132))


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database_dsn: str) -> Path:
    """The configuration of an operator at a server, and the folder it is about."""
    monkeypatch.setenv("COUNTERSIGN_DATABASE_DSN", database_dsn)
    monkeypatch.setenv("COUNTERSIGN_DATABASE_OUTBOX", str(tmp_path / "outbox"))
    monkeypatch.setenv("COUNTERSIGN_KEYS_MASTER_FILE", str(write_master(tmp_path / "key")))
    return tmp_path


async def run(*arguments: str) -> int:
    """Run a command as its own event loop would be run."""
    return await asyncio.to_thread(main, arguments)


def on(account: str, *more: str) -> tuple[str, ...]:
    """Return the arguments that name a person, and a reason."""
    return (account, "--tenant", TENANT, "--why", "asked to", *more)


async def test_erasing_takes_the_person_out_of_the_outbox_too(
    postgres_store: PostgresStore, keyring: Keyring, settings: Path
) -> None:
    """A verdict that waits keeps its outcome and names nobody."""
    await postgres_store.enroll(enrolled())
    box = LetterBox(settings / "outbox", keyring.outbox_key())
    box.prepare(0.0)
    letter = unavailable(accepted(opening()))
    box.put(letter)
    assert await run("profiles", "erase", *on(ACCOUNT)) == 0
    kept = box.get(letter.opening.id)
    assert kept is not None
    assert (kept.claim, kept.verdict) == (None, letter.verdict)
    assert await run("profiles", "erase", *on(ACCOUNT)) == 1


async def test_a_letter_that_cannot_be_read_does_not_keep_the_person_in_the_others(
    postgres_store: PostgresStore,
    keyring: Keyring,
    settings: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nor does one that was set aside; status 1, and what is to be looked at is named."""
    await postgres_store.enroll(enrolled())
    box = LetterBox(settings / "outbox", keyring.outbox_key())
    box.prepare(0.0)
    waiting, aside = (unavailable(accepted(opening())) for _ in range(2))
    for letter in (waiting, aside):
        box.put(letter)
    box.set_aside(aside.opening.id)
    torn = [settings / "outbox" / f"{opening().id}.{kind}" for kind in ("sealed", "undeliverable")]
    for file in torn:
        file.write_text("{torn")
    assert await run("profiles", "erase", *on(ACCOUNT)) == 1
    told = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in told] == [str(file) for file in torn]
    file = settings / "outbox" / f"{aside.opening.id}.undeliverable"
    file.rename(file.with_suffix(".sealed"))
    for letter in (waiting, aside):
        kept = box.get(letter.opening.id)
        assert kept is not None
        assert (kept.claim, kept.verdict) == (None, letter.verdict)
    assert [file.read_text() for file in torn] == ["{torn", "{torn"]


MANY = f"""
INSERT INTO tenants VALUES ('{TENANT}'), ('{OTHER_TENANT}');
INSERT INTO profiles (id, tenant, account, state, locale, passphrase)
SELECT gen_random_uuid(), t, n::text, 'enrolling', 'en-US', 'p'
FROM generate_series(1, 1001) AS n, unnest(ARRAY['{TENANT}', '{OTHER_TENANT}']) AS t
"""


async def test_every_profile_is_listed(
    database_dsn: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """However many there are: who looks for somebody in the list may rely on it."""
    await execute(database_dsn, MANY)
    for more, profiles in (((), 2002), (("--tenant", OTHER_TENANT), 1001)):
        assert await run("profiles", "list", *more) == 0
        assert len(set(capsys.readouterr().out.splitlines())) == profiles


async def test_a_person_can_be_exported_opted_out_and_unlocked(
    postgres_store: PostgresStore, settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 1 where nobody has the account, except for an opt-out, which anybody may."""
    await postgres_store.enroll(enrolled())
    assert await run("profiles", "export", *on(ACCOUNT), str(settings / "out")) == 0
    assert len(list((settings / "out").glob("*.wav"))) == 3
    assert await run("profiles", "show", ACCOUNT, "--tenant", TENANT) == 0
    assert "mode        text_dependent" in capsys.readouterr().out
    assert await run("profiles", "unlock", *on(ACCOUNT)) == 0
    for account in (ACCOUNT, "stranger"):
        assert await run("profiles", "opt-out", *on(account)) == 0
        profile = await postgres_store.find(TENANT, AccountId(account))
        assert profile is not None
        assert profile.state is ProfileState.OPTED_OUT
    assert await run("profiles", "unlock", *on("nobody")) == 1
    assert await run("profiles", "unlock-caller", *on("+15550100")) == 1
    assert await run("profiles", "export", *on("nobody"), str(settings / "none")) == 1


@pytest.mark.parametrize(
    ("rejects", "ago", "told"),
    [
        (2, "1 minute", r"rejected    2 in a row, last 20\d\d-.* UTC\n"),
        (3, "1 minute", r"rejected    3 in a row, last .* UTC; locked until 20\d\d-.* UTC\n"),
        (3, "1 day", r"rejected    3 in a row, last .* UTC\n"),
        (
            10,
            "1 year",
            r"rejected    10 in a row, .*; locked until `countersign profiles",
        ),
    ],
)
async def test_a_profile_shows_how_often_it_was_rejected(
    postgres_store: PostgresStore,
    database_dsn: str,
    capsys: pytest.CaptureFixture[str],
    rejects: int,
    ago: str,
    told: str,
) -> None:
    """And whether that locks it, until it is unlocked."""
    await postgres_store.enroll(enrolled())
    await execute(
        database_dsn,
        "INSERT INTO lockouts (profile, tenant, rejects, last_reject_at) "
        f"SELECT id, tenant, {rejects}, now() - interval '{ago}' FROM profiles",
    )
    show = ("profiles", "show", ACCOUNT, "--tenant", TENANT)
    assert await run(*show) == 0
    assert re.search(told, capsys.readouterr().out)
    assert await run("profiles", "unlock", *on(ACCOUNT)) == 0
    assert await run(*show) == 0
    assert "rejected" not in capsys.readouterr().out


async def test_a_consent_is_noted_before_the_voice_is_taken(
    postgres_store: PostgresStore, settings: Path
) -> None:
    """The consent is found; status 1 where there is a voice already."""
    begin = ("profiles", "begin", *on("4712"), "--consent", "paper/1")
    assert await run(*begin) == 0
    profile = await postgres_store.find(TENANT, AccountId("4712"))
    assert profile is not None
    assert profile.state is ProfileState.ENROLLING
    consent = await postgres_store.consent(TENANT, AccountId("4712"))
    assert consent is not None
    assert (consent.text_version, consent.given) == ("paper/1", ConsentGiven.DOCUMENT)
    await postgres_store.enroll(enrolled())
    assert await run("profiles", "begin", *on(ACCOUNT), "--consent", "paper/1") == 1


async def test_people_are_put_into_groups_and_taken_out(
    postgres_store: PostgresStore, database_dsn: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 1 and the account, where nobody has it; the others are members all the same."""
    await postgres_store.enroll(enrolled())
    tenant = ("--tenant", TENANT, "--why", "ticket 12")
    assert await run("groups", "add", "night shift", "47111", ACCOUNT, *tenant) == 1
    assert capsys.readouterr().out == f"nobody has the account '47111' in tenant {TENANT!r}\n"
    (member,) = await postgres_store.group(TENANT, "night shift")
    assert member.account == ACCOUNT
    for group, named in (((), "night shift"), (("night shift",), ACCOUNT), (("day shift",), None)):
        listing = ("groups", "list", *group, "--tenant", TENANT)
        assert await run(*listing) == await run(*listing, "--json") == 0
        lines, _, written = capsys.readouterr().out.partition("[")
        assert lines.splitlines() == json.loads(f"[{written}") == ([named] if named else [])
    assert await run("groups", "remove", "night shift", ACCOUNT, *tenant) == 0
    assert await run("groups", "remove", "night shift", ACCOUNT, *tenant) == 1
    assert "not in group 'night shift'" in capsys.readouterr().out
    assert await postgres_store.group(TENANT, "night shift") == ()
    written = "SELECT who || ': ' || why FROM audit WHERE what = 'group_changed'"
    assert await column(database_dsn, written) == [f"{getpass.getuser()}: ticket 12"] * 2


async def test_nobody_makes_no_group(capsys: pytest.CaptureFixture[str]) -> None:
    """What was mistyped is not there for good."""
    assert await run("groups", "add", "agents", *on("nobody")) == 1
    capsys.readouterr()
    assert await run("groups", "list", "--tenant", TENANT) == 0
    assert capsys.readouterr().out == ""


async def test_every_member_is_listed(
    database_dsn: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """By account, however many there are."""
    for statement in (
        MANY,
        f"INSERT INTO groups VALUES ('{TENANT}', 'all')",
        f"INSERT INTO group_members SELECT '{TENANT}', 'all', id FROM profiles "
        f"WHERE tenant = '{TENANT}'",
    ):
        await execute(database_dsn, statement)
    assert await run("groups", "list", "all", "--tenant", TENANT) == 0
    accounts = capsys.readouterr().out.splitlines()
    assert accounts == sorted(str(number) for number in range(1, 1002))


@pytest.mark.parametrize("name", ["", "a\tb", "x" * 129])
async def test_a_group_is_called_as_a_dialplan_can(name: str) -> None:
    """Another name is asked for, before anything is read."""
    with pytest.raises(SystemExit, match="2"):
        await run("groups", "add", name, *on(ACCOUNT))


async def test_the_audit_trail_is_anchored_and_verified(
    postgres_store: PostgresStore,
    database_dsn: str,
    settings: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Status 1 and the entry, where one is not as it was."""
    await postgres_store.enroll(enrolled())
    await postgres_store.close(accepted(opening()))
    assert await run("audit", "anchor") == 0
    anchor = settings / "anchor.json"
    anchor.write_text(capsys.readouterr().out)
    assert await run("audit", "verify", "--anchor", str(anchor)) == 0
    assert capsys.readouterr().out == f"{TENANT}: 2 entries, whole\n"
    await execute(
        database_dsn,
        "ALTER TABLE audit DISABLE TRIGGER ALL; UPDATE audit SET who = 'eve' WHERE number = 2",
    )
    assert await run("audit", "verify") == 1
    assert capsys.readouterr().out.startswith(f"{TENANT}: entry 2 was changed")
    anchor.write_text("{}")
    assert await run("audit", "verify", "--anchor", str(anchor)) == 2


async def test_keys_are_rotated(
    postgres_store: PostgresStore,
    database_dsn: str,
    settings: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The first key of the file wraps from then on, and each tenant has a new one."""
    await postgres_store.enroll(enrolled())
    keys = [base64.b64encode(key) for key in (NEW_KEY, *MASTER.keys)]
    (settings / "key").write_bytes(b"\n".join(keys))
    assert await run("keys", "rotate", "--tenants", "--why", "yearly") == 0
    assert "1 tenant keys" in capsys.readouterr().out
    connection = await asyncpg.connect(database_dsn)
    rows = await connection.fetch("SELECT generation, master FROM tenant_keys")
    await connection.close()
    assert [row["generation"] for row in rows] == [2]
    (settings / "key").write_bytes(keys[0])
    assert await run("profiles", "export", *on(ACCOUNT), str(settings / "out")) == 0
    (settings / "key").write_bytes(keys[1])
    assert await run("profiles", "export", *on(ACCOUNT), str(settings / "more")) == 2
    assert "further line" in capsys.readouterr().err


async def test_what_is_due_is_deleted(
    postgres_store: PostgresStore, database_dsn: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """And said; below one day nothing is."""
    await postgres_store.close(accepted(opening()))
    await execute(database_dsn, "UPDATE verifications SET ended_at = now() - interval '3 days'")
    assert await run("database", "retain", "--records-days", "4") == 0
    assert await run("database", "retain", "--records-days", "2") == 0
    told = capsys.readouterr().out.splitlines()
    assert [line.rpartition(" ")[2] for line in told] == ["0", "1"]
    with pytest.raises(SystemExit):
        await run("database", "retain", "--records-days", "0")
