"""`countersign watchlist`: a voice in files is watched for until it is removed."""

from __future__ import annotations

import asyncio
import getpass
import json
from pathlib import Path
from uuid import uuid4

import pytest

from ivr.cli import main
from tests.postgres import column
from tests.unit.test_cli_files import ENROLL, FREE, settings, takes

__all__ = ["settings", "takes"]

pytestmark = pytest.mark.usefixtures("settings")

WHY = ("--why", "ticket 12")


def quiet(path: Path) -> Path:
    """Write two seconds of silence into a file."""
    path.write_bytes(bytes([0xFF]) * 16_000)
    return path


def listed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, str]]:
    """Return what is listed as JSON."""
    assert main(["watchlist", "list", "--json"]) == 0
    found: list[dict[str, str]] = json.loads(capsys.readouterr().out)
    return found


def test_a_voice_of_a_watchlist_is_rejected_until_it_is_removed(
    takes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever enrolled it; once forgotten, it is not there to be forgotten again."""
    his, first = takes.parent / "his.wav", takes / "0.wav"
    assert main([*ENROLL, *FREE, "--account", "4711", str(takes)]) == 0
    assert main(["watchlist", "add", "known fraudsters", str(first), *WHY]) == 0
    used, end = capsys.readouterr().out.splitlines()[-2:]
    assert used == f"used      {first}"
    suspect, _, told = end.partition(" ")
    assert told.startswith("is watched for: 1 recordings, ")
    assert main(["watchlist", "list"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(f"{suspect}  ")
    assert line.endswith(" UTC  known fraudsters")
    assert main(["verify", "--account", "4711", str(his)]) == 1
    assert "REJECT WATCHLISTED" in capsys.readouterr().out
    assert main(["watchlist", "remove", suspect, *WHY]) == 0
    assert listed(capsys) == []
    assert main(["watchlist", "remove", suspect, *WHY]) == 1
    assert suspect in capsys.readouterr().out


def test_what_is_of_no_use_is_told_file_by_file(
    takes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The rest is watched for; without any rest nothing is written, and status says why."""
    silent, notes = quiet(takes.parent / "silent.ulaw"), takes / "notes.txt"
    useless = ("watchlist", "add", "fraud", str(silent))
    assert main([*useless, *WHY]) == 3
    silence, end = capsys.readouterr().out.splitlines()
    assert silence == f"not used  {silent}: NOT_ENOUGH_SPEECH"
    assert end.startswith("nobody is watched for")
    assert main([*useless, str(notes), *WHY]) == 2
    assert f"not used  {notes} is refused: it is no kind" in capsys.readouterr().out
    assert listed(capsys) == []
    assert main([*useless, str(notes), str(takes), "--json", *WHY]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [each["used"] for each in answer["files"]] == [False, False, True, True, True]
    assert [each["why"] for each in answer["files"]] == ["NOT_ENOUGH_SPEECH", *[None] * 4]
    assert [each["error"] is None for each in answer["files"]] == [True, False, True, True, True]
    assert answer["recordings"] == 3
    assert [(each["id"], each["watchlist"]) for each in listed(capsys)] == [(answer["id"], "fraud")]


def test_recordings_of_two_people_are_not_watched_for_as_one(
    takes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The odd one is left out; of two neither is known to be right, and nothing is written."""
    his, hers = takes.parent / "his.wav", takes.parent / "hers.flac"
    assert main(["watchlist", "add", "fraud", str(his), str(hers), *WHY]) == 3
    *files, end = capsys.readouterr().out.splitlines()
    assert files == [f"not used  {each}: INCONSISTENT" for each in (his, hers)]
    assert end.startswith("nobody is watched for")
    assert listed(capsys) == []
    assert main(["watchlist", "add", "fraud", str(hers), str(takes), "--json", *WHY]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [each["why"] for each in answer["files"]] == ["INCONSISTENT", None, None, None]
    assert [each["used"] for each in answer["files"]] == [False, True, True, True]
    assert answer["recordings"] == 3


def test_a_tenant_watches_for_its_own(takes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Another has none of it, and cannot remove it."""
    harbour = ("--tenant", "harbour bank")
    assert main(["watchlist", "add", "fraud", str(takes / "0.wav"), *harbour, *WHY]) == 0
    suspect = capsys.readouterr().out.splitlines()[-1].partition(" ")[0]
    assert listed(capsys) == []
    assert main(["watchlist", "remove", suspect, *WHY]) == 1
    assert main(["watchlist", "remove", suspect, *harbour, *WHY]) == 0


async def test_the_trail_has_who_and_why(takes: Path, database_dsn: str) -> None:
    """Of what was done, by the suspect's id; what was not done leaves nothing."""
    add = ["watchlist", "add", "fraud", str(takes / "0.wav"), *WHY]
    assert await asyncio.to_thread(main, add) == 0
    (suspect,) = await column(database_dsn, "SELECT id FROM suspects")
    for status, each in ((0, suspect), (1, suspect), (1, uuid4())):
        assert await asyncio.to_thread(main, ["watchlist", "remove", str(each), *WHY]) == status
    trail = "SELECT concat_ws(' ', what, whom, 'by', who, 'for', why) FROM audit ORDER BY number"
    reason = f"{suspect} by {getpass.getuser()} for ticket 12"
    assert await column(database_dsn, trail) == [
        f"suspect_added {reason}",
        f"suspect_removed {reason}",
    ]


@pytest.mark.parametrize("words", [["add", "", "x.wav"], ["remove", "fraud"], ["add", "fraud"]])
def test_a_mistake_is_told_before_anything_is_read(words: list[str]) -> None:
    """A list without a name, a suspect who is no id, no file."""
    with pytest.raises(SystemExit, match="2"):
        main(["watchlist", *words, *WHY])
