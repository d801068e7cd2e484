"""`countersign doctor` against a real Asterisk and PostgreSQL, whole and broken."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import pytest_asyncio

from ivr.ari import AriClient
from ivr.cli.main import main
from ivr.config import load
from ivr.connecting import ari_address
from ivr.doctor import Finding, State, checkup
from ivr.lab.asterisk import PrivateAsterisk
from ivr.storage import Database, Keyring, make_master_file
from tests.integration.faults.waiting import patiently
from tests.integration.line_caller import eventually
from tests.postgres import MASTER, execute, with_database, write_master

pytestmark = pytest.mark.asterisk


@dataclass(frozen=True, slots=True)
class Patient:
    """Settings of a service that could start, and who may change its database."""

    settings: dict[str, str]
    owner_dsn: str

    def environment(self, **changes: str) -> dict[str, str]:
        """Return the environment, with changes."""
        return {f"COUNTERSIGN_{name}": value for name, value in (self.settings | changes).items()}

    async def examined(self, **changes: str) -> dict[str, Finding]:
        """Return what the doctor finds, by check."""
        configuration = load(None, self.environment(**changes))
        return {each.check: each async for each in checkup(configuration)}


@pytest_asyncio.fixture
async def patient(
    asterisk: PrivateAsterisk, server_dsn: str, database_dsn: str, tmp_path: Path
) -> AsyncIterator[Patient]:
    """A sound system, whose login is a member of countersign_app and nothing else."""
    worker = f"worker_{uuid4().hex[:8]}"
    await execute(server_dsn, f"CREATE ROLE {worker} LOGIN IN ROLE countersign_app")
    place = urlsplit(database_dsn)
    master = write_master(tmp_path / "master-key")
    master.chmod(0o600)
    yield Patient(
        {
            "ARI_URL": asterisk.ari_url,
            "ARI_USER": asterisk.ari_user,
            "ARI_PASSWORD": asterisk.ari_password,
            "DATABASE_DSN": place._replace(netloc=f"{worker}@{_host(place.netloc)}").geturl(),
            "DATABASE_OUTBOX": str(tmp_path / "outbox"),
            "KEYS_MASTER_FILE": str(master),
        },
        database_dsn,
    )
    await execute(server_dsn, f"DROP ROLE {worker}")


def _host(netloc: str) -> str:
    return netloc.rpartition("@")[2]


def faults(found: dict[str, Finding]) -> dict[str, Finding]:
    """Return what is at fault."""
    return {name: each for name, each in found.items() if each.state is State.FAULT}


async def test_a_sound_system(patient: Patient) -> None:
    """Nothing at fault; that no service is connected is told, and nothing is left in Asterisk."""
    found = await patient.examined()
    assert faults(found) == {}
    told = {name for name, each in found.items() if each.state is not State.GOOD}
    assert told == {"service"}
    assert {"version", "modules", "media", "schema", "role", "keys", "model"} <= found.keys()


async def test_a_service_that_runs_is_not_disturbed(patient: Patient) -> None:
    """The doctor sees it connected, and does not take its application over."""
    address = ari_address(load(None, patient.environment()))
    async with AriClient(address) as service:
        assert (await patient.examined())["service"].state is State.GOOD
        assert service.connected

        async def nothing_left() -> bool:
            return await service.channels.list() == ()

        await eventually(nothing_left)


async def test_asterisk_away_or_refusing(patient: Patient) -> None:
    """What hangs on it is not checked; everything else is."""
    for changes, word in (
        ({"ARI_URL": "http://127.0.0.1:1"}, "ari.url"),
        ({"ARI_PASSWORD": "wrong"}, "ari.password"),
    ):
        found = await patient.examined(**changes)
        assert faults(found).keys() == {"ari"}
        assert word in found["ari"].found
        assert "wrong" not in found["ari"].found
        assert found["media"].state is State.SKIPPED
        assert found["schema"].state is State.GOOD


async def test_an_asterisk_that_lacks_something(
    own_asterisk: PrivateAsterisk, patient: Patient
) -> None:
    """A user that may only read could answer nobody; a module is named, and its line."""
    here = {"ARI_URL": own_asterisk.ari_url, "ARI_PASSWORD": own_asterisk.ari_password}
    rules = own_asterisk.folder / "etc/ari.conf"
    sound = rules.read_text()
    rules.write_text(sound.replace("read_only = no", "read_only = yes"))
    await own_asterisk.command("module reload res_ari.so")
    found = await patient.examined(**here)
    assert faults(found).keys() == {"media"}
    assert "read_only = no" in found["media"].mend
    rules.write_text(sound)
    await own_asterisk.command("module reload res_ari.so")
    await own_asterisk.command("module unload chan_websocket.so")
    found = await patient.examined(**here)
    assert faults(found).keys() == {"modules", "media"}
    assert "chan_websocket does not run" in found["modules"].found
    assert found["modules"].mend == "in modules.conf: `load = chan_websocket.so`"


async def test_the_database_away(patient: Patient) -> None:
    """Nobody answers; no password is shown."""
    found = await patient.examined(DATABASE_DSN="postgresql://ann:hunter2@127.0.0.1:1/voices")
    assert faults(found).keys() == {"database"}
    assert "check that PostgreSQL runs" in found["database"].found
    assert "hunter2" not in str(found)


async def test_a_database_that_was_never_migrated(
    patient: Patient, server_dsn: str, empty_database_dsn: str
) -> None:
    """The command that mends it is given."""
    name = urlsplit(empty_database_dsn).path.strip("/")
    dsn = with_database(patient.settings["DATABASE_DSN"], name)
    found = await patient.examined(DATABASE_DSN=dsn)
    assert faults(found).keys() == {"schema"}
    assert "countersign database migrate" in found["schema"].mend


async def test_rights_that_are_too_wide(patient: Patient) -> None:
    """A superuser is above row-level security; a role that owns a table is too."""
    found = await patient.examined(DATABASE_DSN=patient.owner_dsn)
    assert "superuser" in faults(found)["role"].found
    await execute(patient.owner_dsn, "ALTER TABLE profiles OWNER TO countersign_app")
    found = await patient.examined()
    assert "owns 1 table(s)" in faults(found)["role"].found


async def test_another_master_key_than_the_databases(patient: Patient, tmp_path: Path) -> None:
    """It is told which is missing, by its id."""
    async with await Database.connect(patient.settings["DATABASE_DSN"]) as database:
        await Keyring.open(database, MASTER)
    assert (await patient.examined())["keys"].found == "wrapped by the master key"
    other = make_master_file(tmp_path / "other-key")
    found = await patient.examined(KEYS_MASTER_FILE=str(tmp_path / "other-key"))
    assert faults(found).keys() == {"keys"}
    assert MASTER.current in found["keys"].found
    assert other.current in found["keys"].found


async def test_the_command(
    patient: Patient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 0 where nothing is at fault, 1 where something is; JSON for programs."""
    for name, value in patient.environment().items():
        monkeypatch.setenv(name, value)
    assert await patiently(asyncio.to_thread(main, ["doctor"])) == 0
    assert "good     media" in capsys.readouterr().out
    monkeypatch.setenv("COUNTERSIGN_ARI_PASSWORD", "wrong")
    assert await patiently(asyncio.to_thread(main, ["doctor", "--json"])) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["sound"] is False
    states = {each["check"]: each["state"] for each in report["findings"]}
    assert (states["ari"], states["media"], states["model"]) == ("fault", "skipped", "good")
    monkeypatch.setenv("COUNTERSIGN_ARY_URL", "x")
    assert await patiently(asyncio.to_thread(main, ["doctor"])) == 1
    assert "COUNTERSIGN_ARY_URL" in capsys.readouterr().out
