"""As its image and the systemd unit confine it: no user of note, and a root that cannot be written.

Kernel namespaces do what a container engine would: the whole tree is read-only, `/tmp` included,
but for the volume of the outbox.
"""

from __future__ import annotations

import stat
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import pytest_asyncio

from ivr.lab.application import SERVE, Application
from tests.integration.faults.stage import MATCH, UNHURRIED, Ground, Stage, open_stage
from tests.unit.documents import ROOT

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

UID = "10001"
CONFINING = 'mount --bind "$0" "$0" && mount -o remount,bind,ro / && exec "$@"'
START = ROOT / ".docker/start-application"


def confined(volume: Path, *command: str) -> list[str]:
    """Return the command, with nothing to write but the volume."""
    nobody = ["unshare", "--user", f"--map-user={UID}", f"--map-group={UID}", "--"]
    sandbox = ["unshare", "--user", "--map-root-user", "--mount"]
    return [*sandbox, "sh", "-c", CONFINING, str(volume), *nobody, *command]


def tried(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    return subprocess.run(command, capture_output=True, text=True, check=False)


@contextmanager
def passable(dsn: str) -> Iterator[None]:
    """Let others than the server's user and root through to its socket, where it has one."""
    (host,) = parse_qs(urlsplit(dsn).query).get("host", [""])
    if not host.startswith("/"):
        yield
        return
    folder = Path(host)
    mode = stat.S_IMODE(folder.stat().st_mode)
    folder.chmod(mode | 0o011)
    yield
    folder.chmod(mode)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(
    ground: Ground, module_dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    """A system whose application will be confined; skips where the kernel lends no namespaces."""
    folder = tmp_path_factory.mktemp("read-only")
    if tried(confined(folder, "true")).returncode:
        pytest.skip("no user and mount namespaces here")
    async with open_stage(ground, folder, module_dsn, settings=UNHURRIED) as stage:
        with passable(module_dsn):
            yield stage


async def test_a_call_is_verified(stage: Stage, tmp_path: Path) -> None:
    """By what the image starts; and the confinement holds."""
    volume = Path(stage.system.application.settings["COUNTERSIGN_DATABASE_OUTBOX"])
    refused = tried(confined(volume, "touch", str(tmp_path / "note")))
    assert "Read-only file system" in refused.stderr
    assert tried(confined(volume, "id", "-u")).stdout.strip() == UID
    assert await stage.system.application.stop() == 0

    program = tmp_path / "countersign"
    program.write_text(f'#!/bin/sh\nexec {" ".join(SERVE[:-1])} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    settings = stage.system.application.settings | {
        "PATH": f"{tmp_path}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
    }
    command = confined(volume, str(START), SERVE[-1])
    async with Application(settings, stage.system.folder / "confined.log", command=command) as it:
        call = await stage.asked()
        await call.speak(stage.people.phrase)
        assert await stage.route(call) == "agent-confirmed"
        assert (await stage.records.verdict()).ending == MATCH
        assert await it.stop() == 0
        assert not [line for line in it.lines if "exception" in line]
    await stage.system.application.start()
