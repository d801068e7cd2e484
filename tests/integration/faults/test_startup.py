"""A start that cannot succeed ends: one clear line, status 2, no secret, nothing left running."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import shutil
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest
import pytest_asyncio

from engine.speaker import MODELS
from ivr.cli.main import STATUS_CANNOT, main
from ivr.lab.asterisk import PrivateAsterisk
from ivr.storage.cluster import Cluster
from tests.integration.faults.waiting import until
from tests.postgres import with_database, write_master

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

SECRET = "hunter2"
AT_ONCE = 3
STARTS = multiprocessing.get_context("forkserver")
STARTS.set_forkserver_preload(["tests.integration.faults.test_startup"])


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended, and what it said."""

    status: int
    said: str

    @property
    def complaints(self) -> list[str]:
        """The lines for a person, without those of the log."""
        return [line for line in self.said.splitlines() if not line.startswith("{")]


@dataclass(frozen=True, slots=True)
class Place:
    """What is there to start with, and where a test may write."""

    folder: Path
    own_postgres: Path
    """Where PostgreSQL's user comes through: each run of pytest shuts the folder of its folders."""
    asterisk: PrivateAsterisk
    dsn: str
    wrong_dsn: str
    """Of a server that asks for a password: not with the right one."""
    strangers_port: int
    """Someone listens there who is no Asterisk."""

    def settings(self, **changes: str) -> dict[str, str]:
        """Return settings with which it would start, and the changes on top."""
        sound = {
            "ARI_URL": self.asterisk.ari_url,
            "ARI_USER": self.asterisk.ari_user,
            "ARI_PASSWORD": self.asterisk.ari_password,
            "DATABASE_DSN": self.dsn,
            "DATABASE_OUTBOX": str(self.folder / "outbox"),
            "KEYS_MASTER_FILE": str(write_master(self.folder / "master-key")),
        }
        return {f"COUNTERSIGN_{name}": value for name, value in (sound | changes).items()}

    def written(self, name: str, content: str) -> str:
        """Write a file, and return its path."""
        (self.folder / name).write_text(content)
        return str(self.folder / name)


def corrupt_model(place: Place) -> str:
    """Copy the built-in model with one byte of its network changed, and return its card."""
    folder = place.folder / "corrupt"
    shutil.copytree(MODELS, folder)
    card, network = next(folder.glob("*.json")), next(folder.glob("*.onnx"))
    changed = bytearray(network.read_bytes())
    changed[len(changed) // 2] ^= 0xFF
    network.write_bytes(changed)
    return str(card)


def broken_prompts(place: Place) -> str:
    """Make a folder of prompts that holds one file, which is no sound."""
    folder = place.folder / "prompts"
    (folder / "en-US").mkdir(parents=True)
    (folder / "en-US" / "tone.wav").write_text("no sound")
    return str(folder)


def cases(place: Place) -> dict[str, dict[str, str]]:
    """Return the settings of each case by its name."""
    nobody = f"postgresql://ann:{SECRET}@127.0.0.1:1/voices"
    return {
        "model absent": place.settings(VOICE_MODEL=str(place.folder / "absent.json")),
        "model corrupt": place.settings(VOICE_MODEL=corrupt_model(place)),
        "card corrupt": place.settings(VOICE_MODEL=place.written("card.json", "{")),
        "database away": place.settings(DATABASE_DSN=nobody),
        "database absent": place.settings(DATABASE_DSN=with_database(place.dsn, "no_such_one")),
        "database password": place.settings(DATABASE_DSN=place.wrong_dsn),
        "dsn unreadable": place.settings(DATABASE_DSN=f"postgresql://ann:{SECRET}@[/voices"),
        "schema absent": place.settings(DATABASE_DSN=with_database(place.dsn, "template1")),
        "database folder": place.settings(
            DATABASE_DSN="", DATABASE_FOLDER=place.written("no-folder", "")
        ),
        "outbox": place.settings(DATABASE_OUTBOX=place.written("no-outbox", "")),
        "ari password": place.settings(ARI_PASSWORD=SECRET),
        "asterisk away": place.settings(ARI_URL="http://127.0.0.1:1", ARI_PASSWORD=SECRET),
        "asterisk away, own database": place.settings(
            ARI_URL="http://127.0.0.1:1",
            DATABASE_DSN="",
            DATABASE_FOLDER=str(place.own_postgres),
        ),
        "port of another": place.settings(
            ARI_URL=f"http://127.0.0.1:{place.strangers_port}", ARI_PASSWORD=SECRET
        ),
        "prompts absent": place.settings(PROMPTS_FOLDER=str(place.folder / "absent")),
        "prompts broken": place.settings(PROMPTS_FOLDER=broken_prompts(place)),
        "password missing": place.settings(ARI_PASSWORD=""),
        "key unknown": place.settings(ARI_PASWORD=SECRET),
        "value wrong": place.settings(VERIFY_ATTEMPTS_MAX="many"),
    }


@pytest.fixture(scope="module")
def own_postgres(postgres_folder: Path) -> Path:
    """The folder of the embedded PostgreSQL that one case starts."""
    return postgres_folder / "startup"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ends(
    asterisk: PrivateAsterisk,
    module_dsn: str,
    password_cluster: Cluster,
    own_postgres: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Mapping[str, Ended]]:
    """All cases, a few at a time, and how each ended."""
    wrong_dsn = password_cluster.dsn(role=f"countersign:{SECRET}")
    other = await asyncio.start_server(_say_something_else, "127.0.0.1", 0)
    port = other.sockets[0].getsockname()[1]
    folder = tmp_path_factory.mktemp("startup")
    place = Place(folder, own_postgres, asterisk, module_dsn, wrong_dsn, port)
    turn = asyncio.Semaphore(AT_ONCE)

    async def ended(name: str, settings: Mapping[str, str]) -> Ended:
        async with turn:
            return await _served(settings, place.folder / f"{name}.log")

    chosen = cases(place)
    found = await asyncio.gather(*(ended(*each) for each in chosen.items()))
    yield dict(zip(chosen, found, strict=True))
    other.close()


async def _say_something_else(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail.example ESMTP\r\n")
    await writer.drain()
    await reader.read(1)
    writer.close()


async def _served(settings: Mapping[str, str], said: Path) -> Ended:
    """Run the command in a process of its own; the imports are made once for all of them."""
    process = STARTS.Process(target=_serve, args=(settings, str(said)))
    process.start()
    try:
        await until(lambda: asyncio.sleep(0, process.exitcode), lambda status: status is not None)
        assert process.exitcode is not None
        return Ended(process.exitcode, await asyncio.to_thread(said.read_text))
    finally:
        process.kill()
        process.join()


def _serve(settings: Mapping[str, str], said: str) -> NoReturn:
    """Be `countersign serve`, with a file for standard error."""
    descriptor = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    os.dup2(descriptor, sys.stdout.fileno())
    os.dup2(descriptor, sys.stderr.fileno())
    os.environ |= settings
    sys.exit(main(["serve"]))


WORDS = {
    "model absent": "absent.json",
    "model corrupt": "sha256",
    "card corrupt": "card.json",
    "database away": "check that PostgreSQL runs",
    "database absent": "no such database",
    "database password": "password is not accepted",
    "dsn unreadable": "the DSN cannot be read",
    "schema absent": "migrate",
    "database folder": "no-folder",
    "outbox": "no-outbox",
    "ari password": "password",
    "asterisk away": "check ari.url",
    "asterisk away, own database": "check ari.url",
    "port of another": "ari.url",
    "prompts absent": "no such folder",
    "prompts broken": "tone.wav",
    "password missing": "ari.password",
    "key unknown": "ari.pasword",
    "value wrong": "verify.attempts_max = 'many'",
}
"""What the one line must say of it."""


@pytest.mark.parametrize("case", WORDS)
async def test_start_that_cannot_succeed(ends: Mapping[str, Ended], case: str) -> None:
    """Status 2 and one line that names what to mend; no traceback and no secret."""
    end = ends[case]
    assert end.status == STATUS_CANNOT, end.said
    assert len(end.complaints) == 1, end.said
    assert end.complaints[0].startswith("countersign: ")
    assert WORDS[case] in end.complaints[0]
    assert SECRET not in end.said
    assert '"exception"' not in end.said


async def test_all_cases_were_tried(ends: Mapping[str, Ended]) -> None:
    """Neither list has more than the other."""
    assert ends.keys() == WORDS.keys()


async def test_own_database_is_stopped(ends: Mapping[str, Ended], own_postgres: Path) -> None:
    """What was started before the start failed does not run on."""
    assert ends["asterisk away, own database"].status == STATUS_CANNOT
    assert (own_postgres / "data/PG_VERSION").is_file()
    assert not (own_postgres / "data/postmaster.pid").exists()
