"""Which Asterisk will do, and what is said of one that will not."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.lab.program import AsteriskProgram, installed, recent_enough, shortcomings


@pytest.mark.parametrize(
    ("version", "will_do"),
    [
        ("18.26.4", False),
        ("20.6.0", False),
        ("20.18.0", True),
        ("21.10.2", False),
        ("21.12.0", False),
        ("22.7.2", False),
        ("22.8.0", True),
        ("22.10.1", True),
        ("23.2.0", True),
        ("24.1.0", True),
        ("", False),
        ("GIT-master-1a", False),
    ],
)
def test_versions_with_media_sockets(version: str, will_do: bool) -> None:
    """Each branch has its first release with media over a websocket."""
    assert recent_enough(version) is will_do


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    """Too old, a module short, built without the start notification: all three are told."""
    program = tmp_path / "asterisk"
    program.write_text("#!/bin/sh\necho Asterisk 20.6.0~dfsg-2\n")
    program.chmod(0o755)
    found = AsteriskProgram((str(program),), "20.6.0", tmp_path, tmp_path)
    told = "; ".join(shortcomings(found))
    assert "20.18" in told
    assert "chan_websocket.so" in told
    assert "start notification" in told


def test_the_version_is_read_without_the_packagers_additions(tmp_path: Path) -> None:
    """`20.6.0~dfsg+~cs6` is release 20.6.0."""
    program = tmp_path / "asterisk"
    program.write_text("#!/bin/sh\necho 'Asterisk 20.6.0~dfsg+~cs6.13'\n")
    program.chmod(0o755)
    assert installed(str(program)).version == "20.6.0"


def test_one_that_does_not_run_has_no_version(tmp_path: Path) -> None:
    """A program that fails has an empty version, which will not do."""
    program = tmp_path / "asterisk"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    assert installed(str(program)).version == ""
