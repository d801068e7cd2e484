"""A folder or a CSV file becomes an order, or is refused before anything is done."""

from __future__ import annotations

import argparse
import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from engine.types import Locale
from ivr.cli.batch_listing import BatchListError, Common, folder_of, mark_of, wishes_in
from ivr.cli.batch_report import rows_of, write_csv, write_json
from ivr.cli.main import parser
from ivr.domain.batch import BatchLine, ItemId
from ivr.domain.call import AccountId
from ivr.domain.mode import Mode
from ivr.domain.passphrase import DEFAULT_PASSPHRASE

DAY = datetime(2025, 1, 31, tzinfo=UTC)
COMMON = Common("en-US/1", DAY, Mode.TEXT_DEPENDENT, DEFAULT_PASSPHRASE, Locale("en-US"))
NO_CONSENT = Common(None, None, Mode.TEXT_DEPENDENT, DEFAULT_PASSPHRASE, Locale("en-US"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two persons: one has a folder, the other a file."""
    for name in ("4711/b.wav", "4711/deep/a.wav", "4712.ulaw", "notes.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return tmp_path


def listed(folder: Path, *lines: str) -> Path:
    """Write a CSV file."""
    path = folder / "people.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
    return path


def test_a_folder_below_is_a_person_and_so_is_a_file(folder: Path) -> None:
    """To be enrolled by all of the files together, or claimed to speak in each of them."""
    people = wishes_in(folder, COMMON)
    assert [(each.account, len(each.files)) for each in people] == [("4711", 2), ("4712", 1)]
    assert people[0].terms is not None
    assert (people[0].terms.consent.text_version, people[0].terms.consent.at) == ("en-US/1", DAY)
    claims = wishes_in(folder, None)
    assert [each.account for each in claims] == ["4711", "4711", "4712"]
    assert {each.terms for each in claims} == {None}
    assert all(path.is_absolute() for each in claims for path in each.files)


def test_a_line_is_a_recording_and_may_say_its_own_terms(folder: Path) -> None:
    """Files are found beside the list; a semicolon parts as well as a comma."""
    path = listed(
        folder,
        "account;file;consent;consented_on;mode",
        "9;4711/b.wav;en-US/2;2024-12-24;text_independent",
        "8;4712.ulaw;;;",
        "9;4711/deep/a.wav;en-US/2;2024-12-24;text_independent",
    )
    nine, eight = wishes_in(path, COMMON)
    assert nine.files == (folder / "4711/b.wav", folder / "4711/deep/a.wav")
    assert nine.terms is not None
    assert (nine.terms.consent.text_version, nine.terms.mode) == (
        "en-US/2",
        Mode.TEXT_INDEPENDENT,
    )
    assert eight.terms is not None
    assert eight.terms.consent.text_version == "en-US/1"


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["file,account"], "no line below the heading"),
        (["path,account", "4712.ulaw,1"], "line 1: the heading names file, account"),
        (["file,account,consent", "4712.ulaw,1,x"], "not consent"),
        (["file,account", "4712.ulaw,"], "line 2: an account has 1 to 128 characters"),
        (["file,account", "4712.ulaw,1\t2"], "line 2: an account holds no control character"),
        (["file,account", "4712.ulaw,1,2"], "line 2: it has more columns"),
        (["file,account", "absent.wav,1"], "line 2: there is no file"),
        (["file,account", "4712.ulaw,1", "./4712.ulaw,1"], "line 3: the same recording"),
    ],
)
def test_a_list_that_cannot_be_followed_is_refused_whole(
    folder: Path, lines: list[str], told: str
) -> None:
    """The line is named."""
    with pytest.raises(BatchListError, match=told):
        wishes_in(listed(folder, *lines), None)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (["file,account", "4712.ulaw,1"], "nobody is enrolled without a consent"),
        (["file,account,consent", "4712.ulaw,1,x"], "nobody is enrolled without a consent"),
        (["file,account,consented_on", "4712.ulaw,1,soon"], "is no day"),
        (["file,account,consented_on", "4712.ulaw,1,9999-01-01"], "in the future"),
        (["file,account,mode", "4712.ulaw,1,loud"], "loud"),
        (["file,account,phrase", "4712.ulaw,1,seasame"], "consent"),
        (
            ["file,account,consent,consented_on,phrase", "4712.ulaw,1,x,2025-01-31,seasame"],
            "line 2: en-US has no such passphrase; there are a-yellow-bench",
        ),
        (
            [
                "file,account,consent,consented_on",
                "4712.ulaw,1,x,2025-01-31",
                "4711/b.wav,1,y,2025-01-31",
            ],
            "line 3: it says other than",
        ),
    ],
)
def test_nobody_is_enrolled_without_a_consent_of_a_day_that_was(
    folder: Path, lines: list[str], told: str
) -> None:
    """Of anybody in the list, before the first is enrolled."""
    with pytest.raises(BatchListError, match=told):
        wishes_in(listed(folder, *lines), NO_CONSENT)


def test_a_locale_may_be_written_otherwise(folder: Path) -> None:
    """The profile has the one in whose list the passphrase is; free speech may be in any."""
    path = listed(
        folder,
        "file,account,locale,mode,phrase",
        "4712.ulaw,1,en-us,,",
        "4711/b.wav,2,en-GB,,",
        "4711/deep/a.wav,3,fr-FR,text_independent,x",
    )
    terms = [each.terms for each in wishes_in(path, COMMON)]
    assert [each.locale for each in terms if each] == ["en-US", "en-US", "fr-FR"]


def test_what_is_no_list_is_refused(folder: Path) -> None:
    """An absent file, and one that is no text."""
    (folder / "x.csv").write_bytes(b"\xff\xfe\x00")
    for name in ("absent.csv", "x.csv"):
        with pytest.raises(BatchListError, match="cannot be read as a CSV file"):
            wishes_in(folder / name, None)


def test_workers_share_the_work_below_their_folder(folder: Path) -> None:
    """Elsewhere the command works alone, on the folder above all of the files."""
    wishes = wishes_in(folder, None)
    assert folder_of(wishes, str(folder.parent)) == folder.parent
    for shared in ("", str(folder / "4711"), str(folder) + "-x"):
        assert folder_of(wishes, shared) == folder


def test_a_folder_that_is_filled_anew_is_another_order(folder: Path) -> None:
    """Yesterday's batch does not stand for today's."""
    before = mark_of(wishes_in(folder, None))
    assert mark_of(wishes_in(folder, None)) == before
    (folder / "4712.ulaw").write_bytes(b"longer")
    assert mark_of(wishes_in(folder, None)) != before


def test_a_report_has_a_row_for_each_file() -> None:
    """The same in CSV and in JSON."""
    line = BatchLine(
        number=1,
        id=ItemId(UUID(int=7)),
        account=AccountId("4711"),
        files=("/a.wav", "/b, c.wav"),
        remarks=("kept", "too_short"),
        result="FAILED",
        reason="NOT_ENOUGH_SPEECH",
        llr=None,
        confidence=None,
        ended_at=DAY,
    )
    as_csv, as_json = io.StringIO(), io.StringIO()
    write_csv(rows_of(line), as_csv)
    write_json(rows_of(line), as_json)
    read = list(csv.DictReader(io.StringIO(as_csv.getvalue())))
    assert [(row["file"], row["recording"]) for row in read] == [
        ("/a.wav", "kept"),
        ("/b, c.wav", "too_short"),
    ]
    told = [
        {name: value or "" for name, value in row.items()} for row in json.loads(as_json.getvalue())
    ]
    assert told == read


def test_the_day_of_a_consent_is_one_that_was(capsys: pytest.CaptureFixture[str]) -> None:
    """On the command line as in a list."""
    reader = parser(["batch"])
    with pytest.raises(SystemExit):
        reader.parse_args(["batch", "enroll", "x", "--consented-on", "9999-01-01"])
    assert "in the future" in capsys.readouterr().err
    assert isinstance(reader.parse_args(["batch", "verify", "x"]), argparse.Namespace)
