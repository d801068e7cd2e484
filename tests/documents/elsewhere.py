"""What cannot be typed here: each kind of command with the reason, and what is checked instead.

A command that is in no row is typed.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import importlib.util
import re
import shlex
import tomllib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
from packaging.requirements import Requirement

from tests.documents.machine import Machine
from tests.unit.documents import ROOT, Quoted
from tests.unit.test_docs import unread
from tests.unit.test_service_unit import value as unit_value

APT_LISTS = Path("/var/lib/apt/lists")
Check = Callable[[Machine, str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Row:
    """Commands that begin so, why they are not typed, and what is checked of them."""

    begins: str
    why: str
    check: Check

    def has(self, command: str) -> bool:
        """Say whether a command is of this kind."""
        return re.match(self.begins, command) is not None


async def _packages_exist(machine: Machine, command: str) -> None:
    """Debian's index knows each package, where this machine has one."""
    if not list(await asyncio.to_thread(APT_LISTS.glob, "*_Packages*")):
        return
    for name in shlex.split(command)[2:]:
        await machine.sure(f"apt-cache show --no-all-versions {name}")


async def _user_is_the_units(machine: Machine, command: str) -> None:
    """The unit runs as that user, whose folder is the unit's."""
    assert unit_value("User") in shlex.split(command)
    if "--home" in command:
        assert f"--home {unit_value('WorkingDirectory')} " in command


async def _is_a_superuser(machine: Machine, command: str) -> None:
    """Every command after it is typed as that user of PostgreSQL."""
    assert (await machine.sure('printf "$PGUSER"')) == shlex.split(command)[1]


async def _enabled_and_started(machine: Machine, command: str) -> None:
    """Systemd enables the unit in a root of its own, and what it starts begins to serve."""
    await machine.sure(f"systemctl --root={machine.place.root} enable countersign")
    wanted = machine.place.at("/etc/systemd/system/multi-user.target.wants/countersign.service")
    assert wanted.is_symlink()
    await machine.serve()


async def _service_runs(machine: Machine, command: str) -> None:
    """The service was started as its unit starts it, and runs beside every page."""
    assert machine.service is not None


async def _lock_is_installed(machine: Machine, command: str) -> None:
    """Our own environment, made by this line of ./run, has what the lock names."""
    assert "install --require-hashes -r" in (ROOT / "run").read_text(encoding="utf-8")
    lock = (ROOT / shlex.split(command)[-1]).read_text(encoding="utf-8")
    wanted = [
        Requirement(line.rstrip(" \\")) for line in lock.splitlines() if re.match(r"\w", line)
    ]
    assert len(wanted) > 30
    for each in wanted:
        if each.marker is None or each.marker.evaluate():
            assert importlib.metadata.version(each.name) in each.specifier


async def _extra_exists(machine: Machine, command: str) -> None:
    """The project has the extra."""
    (extra,) = re.findall(r"countersign\[(\w+)\]", command)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert extra in project["optional-dependencies"]


async def _log_is_lines_of_json(machine: Machine, command: str) -> None:
    """What the journal would hold is lines that the command after the bar reads."""
    log = machine.place.root / "service.log"
    lines = [msgspec.json.decode(line) for line in log.read_bytes().splitlines()]
    assert "service_ready" in {line["event"] for line in lines}


async def _is_read(machine: Machine, command: str) -> None:
    """The command line's own parser takes it."""
    assert unread(Quoted("", command.partition("countersign ")[2])) == ""


async def _has_the_options(machine: Machine, command: str) -> None:
    """The module is there, and its text has each option: it may want PyTorch to run."""
    _, _, module, *rest = shlex.split(command)
    text = _text_of(module)
    assert [each for each in rest if each.startswith("--") and f'"{each}"' not in text] == []


def _text_of(module: str) -> str:
    """Return the text of a module, or of a package's modules."""
    found = importlib.util.find_spec(module)
    assert found is not None, module
    places = found.submodule_search_locations or [str(Path(found.origin or "").parent)]
    return "".join(file.read_text() for place in places for file in Path(place).glob("*.py"))


async def _is_a_task(machine: Machine, command: str) -> None:
    """./run has the task."""
    task = shlex.split(command, comments=True)[1]
    assert re.search(rf"\b{task}[)|]", (ROOT / "run").read_text(encoding="utf-8"))


async def _tests_exist(machine: Machine, command: str) -> None:
    """The file of the tests is there."""
    assert (ROOT / shlex.split(command)[1]).is_file()


ELSEWHERE = (
    Row(r"apt-get install ", "changes the system, as root", _packages_exist),
    Row(
        r"adduser |su -s |sudo -u ", "makes a user of the system, or becomes it", _user_is_the_units
    ),
    Row(r"su postgres", "becomes another user of the system", _is_a_superuser),
    Row(r"systemctl enable --now ", "wants systemd as the first process", _enabled_and_started),
    Row(r"systemctl (stop|status)", "wants systemd as the first process", _service_runs),
    Row(r"journalctl ", "wants systemd's journal", _log_is_lines_of_json),
    Row(r"\S*pip install --require-hashes ", "fetches 300 MB", _lock_is_installed),
    Row(r"pip install 'countersign\[", "fetches PyTorch", _extra_exists),
    Row(r"countersign( --config FILE)? serve", "runs beside every page", _service_runs),
    Row(r"countersign models pull ", "fetches from somebody else's server", _is_read),
    Row(
        r"countersign (evaluate|adapt) ",
        "needs recordings of real people, which are not ours to "
        "hand on: the tests marked `corpus` have them",
        _is_read,
    ),
    Row(
        r"python -m engine\.(training|decision\.calibrate)",
        "needs the same recordings, and hours",
        _has_the_options,
    ),
    Row(
        r"\./run |countersign demo",
        "tests/integration/test_demo.py and the tests themselves run these",
        _is_a_task,
    ),
    Row(r"pytest ", "would run the tests within the tests", _tests_exist),
)
"""The first row that has a command counts."""


def row_of(command: str) -> Row | None:
    """Return the row of a command; None: it is typed."""
    return next((row for row in ELSEWHERE if row.has(command)), None)
