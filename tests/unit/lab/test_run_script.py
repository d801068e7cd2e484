"""The run script where something is missing: it says what, and does nothing."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from ivr.lab.program import DIALPLANS

RUN = DIALPLANS.parent / "run"


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A folder of programs with no Python in it."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sh", "cat", "cksum", "dirname", "id", "mkdir", "flock"):
        found = shutil.which(name)
        assert found is not None, name
        (programs / name).symlink_to(found)
    return programs


def script(path: Path, text: str) -> None:
    """Write a program of one line, in the place of a link: never through it."""
    path.unlink(missing_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def run(bare: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the script with only the bare programs, from another folder."""
    return subprocess.run(
        [str(RUN), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=bare,
        env={"PATH": str(bare), "COUNTERSIGN_CACHE": str(bare.parent / "cache")},
    )


@pytest.mark.parametrize("arguments", [(), ("dance",)])
def test_what_it_does_not_know_shows_the_usage(bare: Path, arguments: tuple[str, ...]) -> None:
    """No task or an unknown one: the usage, and status 2."""
    done = run(bare, *arguments)
    assert done.returncode == 2
    assert "./run demo" in done.stderr
    assert not (bare.parent / "cache").exists()


def test_no_python(bare: Path) -> None:
    """Without any Python it says what is needed."""
    done = run(bare, "test")
    assert done.returncode == 1
    assert "Python 3.11 or later is needed, and here is no python3" in done.stderr


def test_an_old_python_is_named(bare: Path) -> None:
    """A Python that is too old is named with its version."""
    script(bare / "python3", '[ "$1" = --version ] && echo Python 3.9.2 && exit 0; exit 1')
    done = run(bare, "demo")
    assert done.returncode == 1
    assert "here is Python 3.9.2" in done.stderr


def test_without_venv_the_exact_command_is_told(bare: Path) -> None:
    """A user who is not root gets the apt command to run."""
    script(bare / "id", "echo 1000")
    script(
        bare / "python3",
        'case "$2" in *ensurepip*) exit 1 ;; *venv*) echo python3.11-venv ;; esac',
    )
    done = run(bare, "bench")
    assert done.returncode == 1
    assert "run: sudo apt-get install python3.11-venv" in done.stderr
    assert not (bare.parent / "cache/python").exists()
