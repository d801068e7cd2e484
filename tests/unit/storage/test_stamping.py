"""Rows of an older version: believed until an operator has looked at them, and no longer."""

from __future__ import annotations

import getpass
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from ivr.domain.desk import DeskUser, Role
from ivr.domain.operating_point import PointPurpose
from ivr.storage.api_keys import ApiKeys
from ivr.storage.database import Database
from ivr.storage.desk_users import DeskUsers
from ivr.storage.errors import StoreRefusedError
from ivr.storage.keys import Keyring, MasterKeys, SealBrokenError
from ivr.storage.keys.rotation import rotate_master
from ivr.storage.migrate import migrate
from ivr.storage.migrations import migrations, newest_migration
from ivr.storage.operating_points import OperatingPoints
from ivr.storage.queries import query
from ivr.storage.stamping import Stranger, drop, strangers, take_over
from ivr.storage.store import PostgresStore
from tests.postgres import MASTER, column, execute, write_master
from tests.unit.storage.records import ACCOUNT, TENANT, enrolled
from tests.unit.storage.test_commands import run
from tests.unit.storage.test_stamped_rows import ANN, NOT_OURS, TOLD, steal

KEY = UUID(int=1)
FORMER = MASTER.wrap(bytes(range(32)), "the installation's secret").hex()
"""As a version without stamps of rows wrapped it."""
OLD = f"""
INSERT INTO installation (master, secret) VALUES ('{MASTER.current}', '\\x{FORMER}');
INSERT INTO tenants VALUES ('{TENANT}');
INSERT INTO operating_points (tenant, purpose, target_fmr)
VALUES ('{TENANT}', 'verification', 0.05);
INSERT INTO desk_users (name, tenant, password, role, agent)
VALUES ('ann', '{TENANT}', 'kept', 'agent', '1001');
INSERT INTO api_keys (id, tenant, name, hash, scopes)
VALUES ('{KEY}', '{TENANT}', 'crm', '\\x{"00" * 32}', '{{verify}}');
INSERT INTO api_keys (id, tenant, name, hash, scopes, revoked_at)
VALUES ('{UUID(int=2)}', '{TENANT}', 'old', '\\x{"01" * 32}', '{{verify}}', now());
"""
JOIN = f"""
INSERT INTO groups VALUES ('{TENANT}', 'staff');
INSERT INTO group_members SELECT tenant, 'staff', id FROM profiles;
"""
TABLES = ["operating_points", "group_members", "desk_users", "api_keys"]
SUE = DeskUser("sue", TENANT, Role.SUPERVISOR, "")
ADD_SUE = f"INSERT INTO desk_users VALUES ('sue', '{TENANT}', 'kept', 'supervisor')"


@pytest.fixture
async def upgraded_dsn(empty_database_dsn: str) -> str:
    """A database of before, with a row in each table, as its migrations leave it."""
    connection = await asyncpg.connect(empty_database_dsn)
    for migration in migrations()[:22]:
        await connection.execute(migration.sql)
        await connection.execute(query("note-migration").sql, migration.version, migration.name)
    await connection.execute(OLD)
    await connection.close()
    assert await migrate(empty_database_dsn) == tuple(range(23, newest_migration() + 1))
    return empty_database_dsn


@pytest.fixture
async def upgraded(upgraded_dsn: str) -> AsyncIterator[Database]:
    """An open pool on it, after somebody was enrolled and put into a group."""
    async with await Database.connect(upgraded_dsn) as database:
        await PostgresStore(database, await Keyring.open(database, MASTER)).enroll(enrolled())
        await execute(upgraded_dsn, JOIN)
        yield database


async def believed(database: Database, keyring: Keyring) -> None:
    """Find that a rate, a member, a user and a key decide as they did."""
    store = PostgresStore(database, keyring)
    assert await store.own_rates(TENANT) == {PointPurpose.VERIFICATION: 0.05}
    assert [each.account for each in await store.group(TENANT, "staff")] == [ACCOUNT]
    assert await DeskUsers(database, keyring).find("ann") == (ANN, "kept")
    assert await ApiKeys(database, keyring).find(KEY) is not None


async def test_what_is_there_holds_before_and_after_it_is_stamped(
    upgraded: Database, upgraded_dsn: str
) -> None:
    """Each row that decides is looked at; a revoked key decides nothing."""
    former = await Keyring.open(upgraded, MASTER)
    assert not former.stamped
    await believed(upgraded, former)
    found = await strangers(upgraded, former)
    assert [each.table for each in found] == TABLES
    assert all(each.unstamped for each in found)
    await take_over(upgraded, former, found, **TOLD)
    keyring = await Keyring.open(upgraded, MASTER)
    assert keyring.stamped
    await believed(upgraded, keyring)
    assert await strangers(upgraded, keyring) == []
    written = "SELECT who || ': ' || why FROM audit WHERE what = 'rows_stamped'"
    (entry,) = await column(upgraded_dsn, written)
    counted = ", ".join(f"{table} 1" for table in TABLES)
    assert entry == f"ann: {counted}: a test"


async def test_from_then_on_a_row_without_a_stamp_is_a_strangers(
    upgraded: Database, upgraded_dsn: str
) -> None:
    """Before, whoever could write the tables could take a stamp away, or add a row without one."""
    former = await Keyring.open(upgraded, MASTER)
    await steal(upgraded_dsn, ADD_SUE)
    assert await DeskUsers(upgraded, former).find("sue") == (SUE, "kept")
    await drop(upgraded, [each for each in await _found(upgraded) if "sue" in each.shown], **TOLD)
    await take_over(upgraded, former, await _found(upgraded), **TOLD)
    await steal(upgraded_dsn, ADD_SUE)
    await steal(upgraded_dsn, "UPDATE operating_points SET target_fmr = 0.5, stamp = NULL")
    keyring = await Keyring.open(upgraded, MASTER)
    assert await DeskUsers(upgraded, keyring).find("sue") is None
    with pytest.raises(StoreRefusedError, match=NOT_OURS):
        await PostgresStore(upgraded, keyring).own_rates(TENANT)
    assert [(each.table, each.unstamped) for each in await strangers(upgraded, keyring)] == [
        ("operating_points", True),
        ("desk_users", True),
    ]


async def _found(database: Database) -> Sequence[Stranger]:
    return await strangers(database, await Keyring.open(database, MASTER))


async def test_what_changes_while_it_is_looked_at_is_a_strangers_still(
    upgraded: Database, upgraded_dsn: str
) -> None:
    """A stamp is made of what was looked at."""
    former = await Keyring.open(upgraded, MASTER)
    found = await strangers(upgraded, former)
    await steal(upgraded_dsn, "UPDATE operating_points SET target_fmr = 0.5")
    await take_over(upgraded, former, found, **TOLD)
    (left,) = await strangers(upgraded, former)
    assert (left.table, left.unstamped) == ("operating_points", False)


async def test_what_we_change_while_it_is_looked_at_is_ours_still(
    upgraded: Database, upgraded_dsn: str
) -> None:
    """Workers go on meanwhile: what they set holds, and a key that they revoke has no stamp."""
    former = await Keyring.open(upgraded, MASTER)
    found = await strangers(upgraded, former)
    await OperatingPoints(upgraded, former).set(TENANT, PointPurpose.VERIFICATION, 0.01, **TOLD)
    assert await ApiKeys(upgraded, former).revoke(TENANT, KEY, **TOLD)
    await take_over(upgraded, former, found, **TOLD)
    keyring = await Keyring.open(upgraded, MASTER)
    rates = await PostgresStore(upgraded, keyring).own_rates(TENANT)
    assert rates == {PointPurpose.VERIFICATION: 0.01}
    assert await column(upgraded_dsn, f"SELECT stamp FROM api_keys WHERE id = '{KEY}'") == [None]


@pytest.mark.usefixtures("settings")
async def test_the_command_shows_what_hides_from_a_terminal(
    upgraded_dsn: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever writes the tables neither wipes his own line away nor writes another one."""
    hidden = "\x1b[2K\rsue\n\u202eeus"
    await execute(
        upgraded_dsn,
        f"INSERT INTO desk_users VALUES ('{hidden}', '{TENANT}', 'kept', 'supervisor')",
    )
    assert await run("keys", "stamp") == 0
    shown = capsys.readouterr().out
    assert "\tdesk_users\t\\x1b[2K\\rsue\\n\\u202eeus\tsupervisor\t" in shown
    assert all(each.isprintable() or each in "\t\n" for each in shown)


@pytest.mark.parametrize("stamped", [False, True])
async def test_another_master_key_changes_nothing_of_it(upgraded: Database, stamped: bool) -> None:
    """What was believed is believed, and what was not is not; the older wrapping is no use then."""
    keyring = await Keyring.open(upgraded, MASTER)
    before = await upgraded.fetch_one("find-installation", tenant=None)
    assert before is not None
    if stamped:
        await take_over(upgraded, keyring, await strangers(upgraded, keyring), **TOLD)
    both = await Keyring.open(upgraded, MasterKeys((bytes(32), *MASTER.keys)))
    await rotate_master(upgraded, both, (TENANT,), **TOLD)
    newest = MasterKeys((bytes(32),))
    opened = await Keyring.open(upgraded, newest)
    assert opened.stamped is stamped
    await believed(upgraded, opened)
    await upgraded.fetch("rewrap-installation", newest.current, before["secret"], tenant=None)
    with pytest.raises(SealBrokenError):
        await Keyring.open(upgraded, newest)


@pytest.fixture
def settings(upgraded_dsn: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The configuration of an operator at the server of before."""
    monkeypatch.setenv("COUNTERSIGN_DATABASE_DSN", upgraded_dsn)
    monkeypatch.setenv("COUNTERSIGN_KEYS_MASTER_FILE", str(write_master(tmp_path / "key")))


@pytest.mark.usefixtures("settings", "upgraded")
async def test_the_command_shows_before_it_takes_over(capsys: pytest.CaptureFixture[str]) -> None:
    """Neither a password nor a hash is shown; nothing is changed without a reason."""
    shown = (
        f"{TENANT}\toperating_points\tverification\t0.05\tno stamp\n"
        f"{TENANT}\tgroup_members\tstaff\t{ACCOUNT}\tno stamp\n"
        f"{TENANT}\tdesk_users\tann\tagent\t1001\tno stamp\n"
        f"{TENANT}\tapi_keys\t{KEY}\tcrm\tverify\tno stamp\n"
    )
    assert await run("keys", "stamp") == 0
    assert capsys.readouterr().out == (
        f"{shown}4 rows bear no stamp of ours; those without one are believed until --why\n"
    )
    assert await run("keys", "stamp", "--drop") == 1
    assert "--why" in capsys.readouterr().err
    assert await run("keys", "stamp", "--why", "ticket 12") == 0
    assert capsys.readouterr().out == (
        f"{shown}stamped: 4 rows; without a stamp none is believed from now on\n"
    )
    assert await run("keys", "stamp") == 0
    assert capsys.readouterr().out == "every row that decides is ours\n"


@pytest.mark.usefixtures("settings")
async def test_the_command_drops_what_is_not_ours(
    upgraded: Database, upgraded_dsn: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A rate is the installation's again, a key is revoked, a user and a member are gone."""
    assert await run("keys", "stamp", "--why", "ticket 12") == 0
    changes = (
        "UPDATE operating_points SET target_fmr = 0.5",
        "UPDATE group_members SET stamp = NULL",
        "UPDATE desk_users SET role = 'supervisor'",
        "UPDATE api_keys SET scopes = '{{verify,groups:write}}' WHERE revoked_at IS NULL",
    )
    for change in changes:
        await steal(upgraded_dsn, change.format())
    capsys.readouterr()
    assert await run("keys", "stamp", "--drop", "--why", "ticket 13") == 0
    said = capsys.readouterr().out
    assert said.count("not the stamp of this") == 3
    assert said.endswith("dropped: 4 rows\n")
    keyring = await Keyring.open(upgraded, MASTER)
    store = PostgresStore(upgraded, keyring)
    assert await store.own_rates(TENANT) == {}
    assert await store.group(TENANT, "staff") == ()
    assert await DeskUsers(upgraded, keyring).list(TENANT) == ()
    key = await ApiKeys(upgraded, keyring).find(KEY)
    assert key is not None
    assert key.revoked_at is not None
    written = "SELECT who || ': ' || why FROM audit WHERE what = 'rows_dropped'"
    (entry,) = await column(upgraded_dsn, written)
    assert str(entry).startswith(f"{getpass.getuser()}: operating_points 1,")
