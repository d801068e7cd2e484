"""The images' start script and the compose file: what can be held without an engine to run them."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from ivr.config import load
from tests.patience import PATIENCE_S
from tests.unit.documents import ROOT

START = ROOT / ".docker/start-application"
REPLACED = 3
OFFICIAL = "postgres"
"""Its image begins as root, makes its folder and goes on as another user."""


async def started(folder: Path, program: str) -> asyncio.subprocess.Process:
    """Run the start script with a `countersign` on the path that is this program."""
    command = folder / "countersign"
    command.write_text(f"#!/bin/sh\n{program}\n")
    command.chmod(0o755)
    return await asyncio.create_subprocess_exec(
        str(START),
        "serve",
        env={"PATH": f"{folder}:{os.environ['PATH']}"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def line(stream: asyncio.StreamReader | None) -> str:
    """Return the next line of what it says."""
    assert stream is not None
    async with asyncio.timeout(PATIENCE_S):
        return (await stream.readline()).decode()


async def ended(process: asyncio.subprocess.Process) -> int:
    """Wait for its end and return its status."""
    async with asyncio.timeout(PATIENCE_S):
        return await process.wait()


async def test_a_status_goes_through(tmp_path: Path) -> None:
    """What could not start ends, and is started again by the restart policy."""
    process = await started(tmp_path, 'test "$1" = serve || exit 9; exit 2')
    assert await ended(process) == 2


async def test_who_was_replaced_is_not_started_again(tmp_path: Path) -> None:
    """It stays, says why, and ends when it is told to."""
    process = await started(tmp_path, f"exit {REPLACED}")
    assert "ari.app" in await line(process.stderr)
    assert process.returncode is None
    process.send_signal(signal.SIGTERM)
    assert await ended(process) == REPLACED or process.returncode == 128 + signal.SIGTERM


async def test_a_signal_is_passed_on_and_the_end_is_waited_for(tmp_path: Path) -> None:
    """Calls are finished before the container ends; a second signal is passed on as well."""
    program = """
        trap 'echo >> "$0.told"; echo told' TERM
        echo ready
        while [ "$(wc -l < "$0.told")" -lt 2 ]; do sleep 0.05; done
    """
    (tmp_path / "countersign.told").touch()
    process = await started(tmp_path, program)
    assert await line(process.stdout) == "ready\n"
    for _ in range(2):
        process.send_signal(signal.SIGTERM)
        assert await line(process.stdout) == "told\n"
    assert await ended(process) == 0


def composed() -> dict[str, Any]:
    """Return the services of the compose file."""
    document = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    services: dict[str, Any] = document["services"]
    return services


def test_every_service_is_confined() -> None:
    """Read-only roots, no new privileges; ours without root and without a capability."""
    for name, service in composed().items():
        assert service["read_only"] is True, name
        assert "no-new-privileges:true" in service["security_opt"], name
        if name != OFFICIAL:
            assert service["cap_drop"] == ["ALL"], name
            assert service["user"].startswith("${COUNTERSIGN_UID"), name
    for image in (ROOT / ".docker").glob("*.Dockerfile"):
        users = [each for each in image.read_text().splitlines() if each.startswith("USER ")]
        assert users
        assert users[-1] not in {"USER root", "USER 0"}


def test_asterisk_and_application_share_a_network_that_neither_owns() -> None:
    """So that one that is restarted alone finds the other where it was."""
    services = composed()
    assert services["asterisk"]["network_mode"] == "service:network"
    assert services["application"]["network_mode"] == "service:network"
    assert services["network"]["entrypoint"] == ["sleep", "infinity"]
    assert "ports" in services["network"]


def test_asterisks_configuration_has_a_value_for_each_name() -> None:
    """Those that its start script gives; where calls come in, the operator alone says."""
    script = (ROOT / ".docker/start-asterisk").read_text()
    files = (ROOT / "dialplans/asterisk").glob("*.conf")
    names = {
        name for file in files for name in re.findall(r"@([A-Z][A-Z0-9_]*)@", file.read_text())
    }
    given = re.findall(r"\b([A-Z][A-Z0-9_]*?)(?:_FILE)?=", script)
    assert names <= set(given)
    environment = composed()["asterisk"]["environment"]
    assert set(re.findall(r"\$([A-Z][A-Z_]*)", script)) == set(environment)
    assert all(value.endswith(":?set it in .env}") for value in environment.values())


def test_what_is_pulled_or_waits_outlives_the_container() -> None:
    """Its root is read-only: what it writes lies in a volume."""
    application = composed()["application"]
    environment, volumes = application["environment"], application["volumes"]
    kept = [Path(volume.split(":")[1]) for volume in volumes]
    for name in ("VOICE_MODELS_FOLDER", "DATABASE_OUTBOX"):
        folder = Path(environment.get(f"COUNTERSIGN_{name}", "models"))
        assert any(folder.is_relative_to(each) for each in kept), name


def test_the_published_ports_are_those_that_asterisk_listens_on() -> None:
    """One for the signalling, and two a call for the audio."""
    script = (ROOT / ".docker/start-asterisk").read_text()
    sip, first, last = (
        re.findall(rf"\b{name}=(\d+)", script)[0]
        for name in ("SIP_PORT", "RTP_FIRST_PORT", "RTP_LAST_PORT")
    )
    audio = f"{first}-{last}"
    assert composed()["network"]["ports"] == [f"{sip}:{sip}/udp", f"{audio}:{audio}/udp"]


def test_the_settings_of_compose_are_settings(tmp_path: Path) -> None:
    """A misspelt one would keep the containers from starting; secrets are read from files."""
    for name in ("application", "schema"):
        environment = dict(composed()[name]["environment"])
        for key, value in environment.items():
            if key.endswith(("PASSWORD_FILE", "DSN_FILE")):
                secret = tmp_path / Path(value).name
                secret.write_text("postgresql://h/d")
                environment[key] = str(secret)
        load(None, environment)
    assert composed()["application"]["environment"]["COUNTERSIGN_HEALTH_PORT"] in (
        ROOT / ".docker/healthy.py"
    ).read_text(encoding="utf-8")
