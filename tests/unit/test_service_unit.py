"""The systemd unit, by systemd's own eyes where it is here, and by ours where it is not."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from ivr.cli.main import STATUS_REPLACED, parser
from ivr.settings import Calls
from tests.unit.documents import ROOT

UNIT = ROOT / "docs/countersign.service"
TOOL = shutil.which("systemd-analyze")
EXPOSURE_MAX = 2.0
"""Of 10: systemd calls up to 2.0 "OK" or better."""


def value(key: str) -> str:
    """Return the one value of a key in the unit."""
    (found,) = re.findall(rf"^{key}=(.*)$", UNIT.read_text(encoding="utf-8"), re.MULTILINE)
    return str(found)


def test_what_it_starts_is_a_command() -> None:
    """The arguments are ours."""
    _, *arguments = value("ExecStart").split()
    assert parser(arguments).parse_args(arguments).run


def test_who_was_replaced_is_not_started_again() -> None:
    """Two of one name would take the calls from each other for ever."""
    assert value("RestartPreventExitStatus") == str(STATUS_REPLACED)


def test_calls_are_finished_before_it_is_killed() -> None:
    """It is given longer than the calls are."""
    assert float(value("TimeoutStopSec")) > Calls().drain_s


@pytest.mark.skipif(TOOL is None, reason="no systemd-analyze here")
def test_systemd_accepts_it_and_finds_it_confined(tmp_path: Path) -> None:
    """No unknown key, and an exposure that an unhardened unit (9 and more) does not have."""
    assert TOOL is not None
    unit = tmp_path / "countersign.service"
    text = UNIT.read_text(encoding="utf-8")
    unit.write_text(text.replace("/opt/countersign/bin/countersign", "/bin/true"))
    verified = subprocess.run([TOOL, "verify", str(unit)], capture_output=True, text=True)
    assert (verified.returncode, verified.stderr) == (0, "")
    weighed = subprocess.run(
        [TOOL, "security", "--offline=true", str(unit)], capture_output=True, text=True
    )
    found = re.search(r"exposure level for \S+: ([\d.]+)", weighed.stdout)
    assert found, weighed.stderr
    assert float(found[1]) <= EXPOSURE_MAX
