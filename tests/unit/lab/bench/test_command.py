"""What `countersign bench` takes."""

from __future__ import annotations

import pytest

from ivr.cli.main import parser

READER = parser(["bench"])


def test_calls_are_whole_numbers_parted_by_commas() -> None:
    """Each is one measurement."""
    chosen = READER.parse_args(["bench", "--calls", "1,30", "--rounds", "4"])
    assert (chosen.calls, chosen.rounds) == ((1, 30), 4)


@pytest.mark.parametrize("given", ["0", "1,,2", "-3", "many", "1.5", ""])
def test_anything_else_is_refused(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With the word that cannot be used."""
    with pytest.raises(SystemExit):
        READER.parse_args(["bench", f"--calls={given}"])
    assert "no whole number from 1 on" in capsys.readouterr().err


def test_what_programs_get_can_be_measured_alone() -> None:
    """Without an Asterisk; among fewer profiles it takes less of the disk."""
    chosen = READER.parse_args(["bench", "--programs", "--profiles", "1000"])
    assert (chosen.programs, chosen.profiles) == (True, 1000)
