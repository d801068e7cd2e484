"""The lab's Asterisk: it comes up whole or not at all, dies and returns, and leaves nothing."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.lab import LabError
from ivr.lab.asterisk import AsteriskProgram, AsteriskStartError, PrivateAsterisk
from tests.integration.line_caller import eventually
from tests.integration.probing import Applications
from tests.patience import PATIENCE_S

pytestmark = pytest.mark.asterisk


async def test_it_boots_without_a_complaint(own_asterisk: PrivateAsterisk) -> None:
    """Configuration and dialplan load without a warning or an error."""
    await eventually(lambda: _says_it_is_ready(own_asterisk))
    log = own_asterisk.log_path.read_text()
    assert re.findall(r".*(?:WARNING|ERROR).*", log) == []


async def _says_it_is_ready(asterisk: PrivateAsterisk) -> bool:
    return "Asterisk Ready" in asterisk.log_path.read_text()


async def test_two_run_at_once(asterisk: PrivateAsterisk, own_asterisk: PrivateAsterisk) -> None:
    """Two on one machine do not share a port, a password or a file."""
    for one in (asterisk, own_asterisk):
        assert "Asterisk" in await one.command("core show version")
    assert asterisk.ari_password != own_asterisk.ari_password
    assert {asterisk.http_port, asterisk.sip_port}.isdisjoint(
        {own_asterisk.http_port, own_asterisk.sip_port}
    )


async def test_it_returns_after_a_kill(own_asterisk: PrivateAsterisk) -> None:
    """Killed and started again it answers on the same ports to the same password."""
    port, password = own_asterisk.http_port, own_asterisk.ari_password
    await own_asterisk.kill()
    assert not own_asterisk.running
    await own_asterisk.start()
    assert (own_asterisk.http_port, own_asterisk.ari_password) == (port, password)
    async with Applications(own_asterisk, "probe") as probe:
        await probe.call("verify")
        assert (await probe.arrival("probe", "show")).args[1] == "INCONCLUSIVE"


async def test_restarting_it_ends_what_ran(own_asterisk: PrivateAsterisk) -> None:
    """A restart is a new process: no channel lives on."""
    async with Applications(own_asterisk, "countersign", "probe") as both:
        await both.call("verify")
        await both.arrival("countersign", "verify")
        await own_asterisk.restart()
        assert "0 active channels" in await own_asterisk.command("core show channels")


async def test_a_module_can_be_left_out(asterisk_program: AsteriskProgram, tmp_path: Path) -> None:
    """Without chan_websocket it stands for an older Asterisk; the rest works."""
    async with PrivateAsterisk(
        tmp_path, program=asterisk_program, without_modules=["chan_websocket"]
    ) as older:
        assert "0 modules loaded" in await older.command("module show like chan_websocket")
        assert "1 modules loaded" in await older.command("module show like chan_pjsip")


@pytest.mark.parametrize(("kind", "purpose"), [("stream", "HTTP"), ("datagram", "SIP")])
async def test_a_port_in_use_is_named(
    asterisk_program: AsteriskProgram, tmp_path: Path, kind: str, purpose: str
) -> None:
    """The port that somebody else has is in the error, and nothing is started."""
    family = socket.SOCK_STREAM if kind == "stream" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, family) as other:
        other.bind(("127.0.0.1", 0))
        if kind == "stream":
            other.listen()
        port = other.getsockname()[1]
        ours = PrivateAsterisk(
            tmp_path,
            program=asterisk_program,
            http_port=port if kind == "stream" else None,
            sip_port=port if kind == "datagram" else None,
        )
        with pytest.raises(LabError, match=f"{purpose} port {port} .* is in use"):
            await ours.start()
    assert not ours.running
    assert await asyncio.to_thread(os.listdir, tmp_path) == []


async def test_a_module_that_does_not_load_stops_the_start(
    asterisk_program: AsteriskProgram, tmp_path: Path
) -> None:
    """Asterisk only logs it and runs on; the lab says so and stops it."""
    ours = PrivateAsterisk(tmp_path, program=asterisk_program, extra_modules=["res_no_such"])
    with pytest.raises(AsteriskStartError, match="res_no_such"):
        await ours.start()
    assert not ours.running


async def test_a_program_that_ends_at_once_is_told(
    asterisk_program: AsteriskProgram, tmp_path: Path
) -> None:
    """The error has the status and what the program printed."""
    broken = replace(asterisk_program, command=("/bin/sh", "-c", "echo no luck >&2; exit 3", "sh"))
    ours = PrivateAsterisk(tmp_path, program=broken)
    with pytest.raises(AsteriskStartError, match=r"status 3[^$]*no luck"):
        await ours.start()
    assert not ours.running


async def test_a_folder_of_its_own_is_gone_at_the_end(asterisk_program: AsteriskProgram) -> None:
    """Without a folder given it makes one, and takes it away."""
    async with PrivateAsterisk(program=asterisk_program) as passing:
        assert passing.log_path.is_file()
    assert not passing.folder.exists()


async def test_it_ends_with_the_process_that_started_it(
    asterisk_program: AsteriskProgram, tmp_path: Path
) -> None:
    """Whoever is killed leaves no Asterisk behind on the ports."""
    # Chosen here: the other process would choose out of what belongs to the tests beside us.
    free = PrivateAsterisk(program=asterisk_program)
    ports = str(free.sip_port), str(free.http_port)
    starter = (
        "import asyncio, sys; from pathlib import Path\n"
        "from ivr.lab.asterisk import PrivateAsterisk\n"
        "async def run():\n"
        "    sip, http = map(int, sys.argv[2:])\n"
        "    async with PrivateAsterisk(Path(sys.argv[1]), sip_port=sip, http_port=http):\n"
        "        print('up', flush=True); await asyncio.Event().wait()\n"
        "asyncio.run(run())\n"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", starter, str(tmp_path), *ports), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"up\n"
    child = int((tmp_path / "state/run/asterisk.pid").read_text())
    watched = os.pidfd_open(child)
    process.kill()
    await process.wait()
    await asyncio.wait_for(_readable(watched), PATIENCE_S)
    os.close(watched)


async def _readable(descriptor: int) -> None:
    """Wait until a pidfd says that its process has ended (pidfd_open(2))."""
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(descriptor, ended.set)
    await ended.wait()
    asyncio.get_running_loop().remove_reader(descriptor)
