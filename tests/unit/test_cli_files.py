"""The commands on files: enroll, verify, identify and challenge as an operator runs them."""

from __future__ import annotations

import argparse
import base64
import io
import json
import re
import shlex
from pathlib import Path

import pytest
import soundfile

from engine.audio.files import AudioFileError
from engine.identification import Candidate, Identification
from engine.types import Llr, Quality, Reason
from ivr.cli import identify, main
from ivr.cli.arguments import date
from ivr.cli.challenge import digits, refuse_what_is_there
from ivr.cli.main import parser
from ivr.cli.recordings import files_in, worst
from ivr.domain.call import AccountId
from ivr.offline import Found
from tests.unit.offline.files import HER, HIM, sung

FILES = Path(__file__).parents[2] / "docs/files.md"
ENROLL = ("enroll", "--consent", "en-US/1", "--consented-on", "2025-01-31")
FREE = ("--mode", "text_independent")
AGAIN = "an earlier recording again: 100% of the landmarks found at the same place"


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, database_dsn: str) -> None:
    """A configuration without any Asterisk; six seconds of free speech enroll."""
    key = tmp_path / "key"
    key.write_text(base64.b64encode(bytes(range(32))).decode())
    key.chmod(0o600)
    for name, value in {
        "DATABASE_DSN": database_dsn,
        "KEYS_MASTER_FILE": str(key),
        "ENROLL_FREE_SPEECH_S": "6",
        "VERIFY_FREE_SPEECH_S": "2",
    }.items():
        monkeypatch.setenv(f"COUNTERSIGN_{name}", value)


@pytest.fixture
def takes(tmp_path: Path) -> Path:
    """A folder of three takes of one person; beside it one more, and one of another person."""
    folder = tmp_path / "takes"
    folder.mkdir()
    for seed in range(3):
        write(folder / f"{seed}.wav", seed, HIM)
    (folder / "notes.txt").write_text("no audio, and passed over")
    write(tmp_path / "his.wav", 8, HIM)
    write(tmp_path / "hers.flac", 8, HER)
    return folder


def write(path: Path, seed: int, who: float) -> None:
    soundfile.write(path, sung(seed, who).pcm, 8000, subtype="PCM_16")


@pytest.mark.usefixtures("settings")
def test_a_person_is_enrolled_and_verified_from_files(
    takes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Statuses say how it ended: enrolled, accepted, rejected, undecided, a replay, no audio."""
    assert main([*ENROLL, *FREE, "--account", "4711", str(takes)]) == 0
    assert "ENROLLED COMPLETE: 3 recordings" in capsys.readouterr().out
    his, hers, quiet = takes.parent / "his.wav", takes.parent / "hers.flac", takes.parent / "q.ulaw"
    quiet.write_bytes(bytes([0xFF]) * 16_000)
    for file, status, told in (
        (his, 0, "ACCEPT MATCH"),
        (his, 1, f"recording was played. ({AGAIN})\n"),
        (hers, 1, "REJECT NO_MATCH"),
        (quiet, 3, "INCONCLUSIVE NOT_ENOUGH_SPEECH"),
        (takes / "notes.txt", 2, "no kind of audio"),
        (takes.parent / "absent.wav", 2, "No such file"),
    ):
        assert main(["verify", "--account", "4711", str(file)]) == status
        assert told in capsys.readouterr().out


@pytest.mark.usefixtures("settings")
def test_programs_get_json(takes: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One document on standard output, nothing else; the gravest status of several files."""
    assert main([*ENROLL, *FREE, "--json", "--account", "4711", str(takes)]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["result"], answer["recordings"]) == ("ENROLLED", 3)
    assert [each["kept"] for each in answer["files"]] == [True, True, True]
    files = [str(takes.parent / "his.wav"), str(takes / "0.wav")]
    assert main(["verify", "--json", "--account", "4711", *files]) == 1
    answers = json.loads(capsys.readouterr().out)
    assert [each["verdict"] for each in answers] == ["ACCEPT", "REJECT"]
    assert answers[0]["replay"][0] < 0.05 < answers[1]["replay"][0]
    assert (answers[0]["replay_shift_s"], answers[0]["replay_how"]) == ([None], [None])
    assert (answers[1]["replay_shift_s"], answers[1]["replay_how"]) == ([0.0], [AGAIN])


@pytest.mark.usefixtures("settings")
def test_an_enrollment_that_lacks_speech_is_undecided(
    takes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Better recordings would do."""
    assert main([*ENROLL, *FREE, "--account", "1", str(takes / "0.wav")]) == 3
    assert "FAILED NOT_ENOUGH_SPEECH" in capsys.readouterr().out
    assert main(["verify", "--account", "1", str(takes.parent / "his.wav")]) == 3
    assert "NOT_ENROLLED" in capsys.readouterr().out


@pytest.mark.usefixtures("settings")
def test_a_file_that_cannot_be_read_is_left_out_of_an_enrollment(
    takes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is told of that file; status 2 where the others do not enroll the person."""
    notes, enroll = str(takes / "notes.txt"), (*ENROLL, *FREE, "--account")
    assert main([*enroll, "1", str(takes / "0.wav"), notes]) == 2
    kept, refused, end = capsys.readouterr().out.splitlines()
    assert kept.startswith("kept ")
    assert refused.startswith(f"not kept  {notes} is refused: it is no kind of audio")
    assert end == "FAILED NOT_ENOUGH_SPEECH"
    assert main([*enroll, "1", "--json", notes, str(takes)]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["result"], answer["recordings"]) == ("ENROLLED", 3)
    assert [each["kept"] for each in answer["files"]] == [False, True, True, True]
    first, *others = (each["error"] for each in answer["files"])
    assert first.startswith(f"{notes} is refused")
    assert others == [None] * 3


@pytest.mark.usefixtures("settings")
def test_a_group_without_anybody_is_undecided(
    takes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """There was no search."""
    assert main(["identify", "--group", "agents", str(takes.parent / "his.wav")]) == 3
    assert "INCONCLUSIVE NOT_ENROLLED" in capsys.readouterr().out


def search(*llrs: float, reason: Reason | None = None) -> Found:
    """What came of a search that takes an LLR of 2; without any LLR there was none."""
    ranked = tuple(Candidate(AccountId(f"{place}"), Llr(llr)) for place, llr in enumerate(llrs))
    searched = Identification(ranked, Llr(2.0)) if ranked else None
    return Found(searched, reason, Quality(6.0, 30.0, -20.0, 0.0))


@pytest.mark.parametrize(
    ("answer", "status", "told"),
    [
        (search(3.0, 1.0), 0, "x.wav: 0 (LLR: 0 +3.0, 1 +1.0; threshold +2.0)"),
        (search(1.0), 1, "x.wav: none of them (LLR: 0 +1.0; threshold +2.0)"),
        (search(reason=Reason.SPOOF_SUSPECTED), 1, "x.wav: REJECT SPOOF_SUSPECTED"),
        (search(reason=Reason.NOT_ENROLLED), 3, "x.wav: INCONCLUSIVE NOT_ENROLLED"),
    ],
)
def test_a_search_ends_as_on_the_telephone(answer: Found, status: int, told: str) -> None:
    """Found, none of them, a recording that was heard before, and no search at all."""
    assert identify.status(answer) == status
    assert identify.told(Path("x.wav"), answer) == told


def test_programs_get_a_search_as_they_get_a_verification(tmp_path: Path) -> None:
    """Verdict, reason, LLR and threshold are always there; whom it is, beside them."""
    for answer, verdict, llr, threshold, found in (
        (search(3.0, 1.0), "ACCEPT", 3.0, 2.0, "0"),
        (search(1.0), "REJECT", 1.0, 2.0, None),
        (search(reason=Reason.SPOOF_SUSPECTED), "REJECT", None, None, None),
        (search(reason=Reason.NOT_ENROLLED), "INCONCLUSIVE", None, None, None),
    ):
        told = identify.plain(Path("x.wav"), answer)
        assert list(told) == ["file", "verdict", "reason", "llr", "threshold", "found", "ranked"]
        assert (told["verdict"], told["found"]) == (verdict, found)
        assert (told["reason"], told["llr"], told["threshold"]) == (answer.reason, llr, threshold)
    unread = AudioFileError("x.wav", "it is empty")
    assert list(identify.plain(Path("x.wav"), unread)) == ["file", "error"]


@pytest.mark.usefixtures("settings")
def test_who_was_put_into_a_group_is_found_in_it(
    takes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No API is needed for it."""
    assert main([*ENROLL, *FREE, "--account", "4711", str(takes)]) == 0
    assert main(["groups", "add", "agents", "4711", "--why", "a test"]) == 0
    capsys.readouterr()
    assert main(["identify", "--group", "agents", str(takes.parent / "his.wav")]) == 0
    assert "his.wav: 4711 (LLR" in capsys.readouterr().out


@pytest.mark.usefixtures("settings")
def test_a_challenge_is_spoken_after_it_was_drawn(
    takes: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Digits are told on standard error; silence in answer to them is no answer."""
    assert main([*ENROLL, *FREE, "--account", "4711", str(takes)]) == 0
    answer = takes.parent / "answer.ulaw"

    class Person(io.StringIO):
        def readline(self, size: int | None = -1) -> str:  # type: ignore[override]  # as files do
            answer.write_bytes(bytes([0xFF]) * 16_000)
            return "\n"

    monkeypatch.setattr("sys.stdin", Person())
    assert main(["challenge", "--account", "4711", str(answer)]) == 3
    told = capsys.readouterr()
    assert re.search(r"Speak, in this order: (\d ){5}\d\n", told.err)
    assert "INCONCLUSIVE NOT_ENOUGH_SPEECH" in told.out
    assert main(["challenge", "--account", "4711", str(answer)]) == 2
    assert "there already" in capsys.readouterr().err


@pytest.mark.usefixtures("settings")
def test_programs_get_the_digits_of_a_challenge(
    takes: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As JSON, with the verdict; also where the recording of them cannot be read."""
    assert main([*ENROLL, *FREE, "--account", "4711", str(takes)]) == 0
    capsys.readouterr()
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    absent, silent = takes.parent / "absent.wav", takes.parent / "silent.ulaw"
    challenge = ("challenge", "--json", "--account", "4711")
    assert main([*challenge, str(absent)]) == 2
    told = capsys.readouterr()
    answer = json.loads(told.out)
    assert f"Speak, in this order: {' '.join(answer['digits'])}\n" in told.err
    assert answer["error"].startswith(f"{absent} is refused")
    silent.write_bytes(bytes([0xFF]) * 16_000)
    assert main([*challenge, "--digits", answer["digits"], str(silent)]) == 3
    again = json.loads(capsys.readouterr().out)
    assert (again["verdict"], again["digits"]) == ("INCONCLUSIVE", answer["digits"])


def test_without_a_database_it_says_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody is asked for Asterisk's password."""
    assert main(["verify", "--account", "4711", str(tmp_path / "x.wav")]) == 2
    assert "database.folder" in capsys.readouterr().err


def test_a_folder_stands_for_its_audio_files(tmp_path: Path) -> None:
    """By name, at any depth; without any it is refused."""
    (tmp_path / "b").mkdir()
    for name in ("b/2.WAV", "a.opus", "b/1.ulaw", "readme.md"):
        (tmp_path / name).write_bytes(b"x")
    found = [str(path.relative_to(tmp_path)) for path in files_in([tmp_path])]
    assert found == ["a.opus", "b/1.ulaw", "b/2.WAV"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(AudioFileError, match="no audio file"):
        files_in([tmp_path / "empty"])


def test_the_gravest_status_counts() -> None:
    """What cannot be done, then no, then undecided, then yes; nothing at all cannot be done."""
    assert [worst(each) for each in ([0, 0], [0, 3], [3, 1], [1, 2, 0], [])] == [0, 3, 1, 2, 2]


@pytest.mark.parametrize("account", ["", "47\t11", "4711\n", "x" * 129])
@pytest.mark.parametrize("command", [[*ENROLL, "--account"], ["profiles", "begin"]])
def test_nobody_is_enrolled_whom_no_dialplan_can_name(command: list[str], account: str) -> None:
    """Another account is asked for, before anything is read."""
    rest = ["a.wav"] if command[0] == "enroll" else ["--consent", "1", "--why", "a test"]
    said = [*command, account, *rest]
    with pytest.raises(SystemExit, match="2"):
        parser(said).parse_args(said)


@pytest.mark.parametrize("text", ["yesterday", "2026-02-30", "9999-01-01"])
def test_a_consent_is_of_a_day_that_was(text: str) -> None:
    """And written as one."""
    with pytest.raises(argparse.ArgumentTypeError):
        date(text)


@pytest.mark.parametrize("text", ["", "12a4", "1" * 17, "\u0661\u0662"])
def test_digits_are_digits(text: str) -> None:
    """Sixteen at most, of the ten that can be recognised."""
    with pytest.raises(argparse.ArgumentTypeError):
        digits(text)
    assert digits("0123") == "0123"


def test_a_challenge_is_not_answered_beforehand(tmp_path: Path) -> None:
    """A file that exists cannot hold digits yet to be drawn."""
    refuse_what_is_there(tmp_path / "absent.wav")
    with pytest.raises(AudioFileError, match="before the digits were drawn"):
        refuse_what_is_there(tmp_path)


def test_the_documented_commands_are_commands() -> None:
    """Every line of docs/files.md that begins with `countersign` can be read by it."""
    lines = re.findall(r"^    countersign (.+)$", FILES.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(lines) >= 4
    for line in lines:
        said = shlex.split(line)
        assert callable(parser(said).parse_args(said).run)
