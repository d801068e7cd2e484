"""What a batch consists of: a folder with a folder a person, or a CSV file, a line a recording."""

from __future__ import annotations

import argparse
import csv
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from engine.types import Locale, PhraseId
from ivr.cli.arguments import date
from ivr.cli.recordings import files_in
from ivr.domain.call import AccountId
from ivr.domain.claim import account_fault
from ivr.domain.consent import Consent, ConsentGiven
from ivr.domain.mode import Mode
from ivr.storage import Terms, Wish
from ivr.words import UnknownPhraseError, listed

FILE, ACCOUNT = "file", "account"
TERMS = ("consent", "consented_on", "mode", "phrase", "locale")
"""Columns, each optional where the command line says it for all."""


class BatchListError(Exception):
    """A folder or CSV file is no order for a batch; the message says where and what is wanted."""

    def __init__(self, where: str, wanted: str) -> None:
        super().__init__(f"{where}: {wanted}")


@dataclass(frozen=True, slots=True)
class Common:
    """What the command line says of everybody; a CSV file may say otherwise of one."""

    consent: str | None
    consented_on: datetime | None
    mode: Mode
    phrase: PhraseId
    locale: Locale
    phrases_folder: Path | None = None
    """Where passphrases of the customer's own are."""


@dataclass(frozen=True, slots=True)
class _Line:
    """One recording."""

    where: str
    path: Path
    account: AccountId
    terms: Terms | None


def wishes_in(source: Path, common: Common | None) -> list[Wish]:
    """Return the items that a folder or CSV file orders; with `common` to enroll, else to verify.

    `BatchListError` for anything that could not be done, before anything is; `AudioFileError` for a
    folder without audio.
    """
    absolute = Path(os.path.abspath(source))
    read = _of_folder if absolute.is_dir() else _of_file
    lines = [_checked(line) for line in read(absolute, common)]
    if not lines:
        raise BatchListError(str(source), "there is no line below the heading")
    _refuse_repeated(lines)
    if common is None:
        return [Wish(line.account, (line.path,), None) for line in lines]
    return _persons(lines)


def folder_of(wishes: Iterable[Wish], shared: str) -> Path:
    """Return the folder that workers share where all files are below it, else one above all."""
    folders = [path.parent for wish in wishes for path in wish.files]
    above = Path(os.path.commonpath(folders))
    return Path(shared) if shared and above.is_relative_to(shared) else above


def mark_of(wishes: Iterable[Wish]) -> bytes:
    """Return what changes with any of the files: a folder filled anew is another order."""
    found = [path.stat() for wish in wishes for path in wish.files]
    return b"".join(b"%d %d;" % (each.st_size, each.st_mtime_ns) for each in found)


def _of_folder(folder: Path, common: Common | None) -> Iterator[_Line]:
    """A folder below it is an account's; a file directly in it is called like its account."""
    for path in files_in([folder]):
        below = path.relative_to(folder).parts
        account = below[0] if len(below) > 1 else path.stem
        yield _Line(str(path), path, AccountId(account), _terms(str(path), {}, common))


def _of_file(file: Path, common: Common | None) -> Iterator[_Line]:
    columns = {FILE, ACCOUNT, *(TERMS if common is not None else ())}
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            heading = text.readline()
            text.seek(0)
            # Where a comma parts decimals, spreadsheets part columns by semicolons.
            parted = ";" if heading.count(";") > heading.count(",") else ","
            rows = csv.DictReader(text, delimiter=parted, strict=True)
            _check_heading(file, rows.fieldnames or (), columns)
            for row in rows:
                yield _line(file, f"{file}, line {rows.line_num}", row, common)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BatchListError(str(file), f"it cannot be read as a CSV file: {error}") from error


def _check_heading(file: Path, found: Sequence[str], allowed: set[str]) -> None:
    strange = sorted(set(found) - allowed)
    if strange or not {FILE, ACCOUNT} <= set(found):
        raise BatchListError(
            f"{file}, line 1",
            f"the heading names {FILE}, {ACCOUNT} and at most {', '.join(sorted(allowed))}"
            + (f"; not {', '.join(strange)}" if strange else ""),
        )


def _line(
    file: Path, where: str, row: Mapping[str | None, str | None], common: Common | None
) -> _Line:
    said = {str(name): (value or "").strip() for name, value in row.items() if name is not None}
    if None in row:
        raise BatchListError(where, "it has more columns than the heading")
    path = Path(os.path.abspath(file.parent / said[FILE]))
    return _Line(where, path, AccountId(said[ACCOUNT]), _terms(where, said, common))


def _terms(where: str, said: Mapping[str, str], common: Common | None) -> Terms | None:
    if common is None:
        return None
    version = said.get("consent") or common.consent
    try:
        agreed = date(said["consented_on"]) if said.get("consented_on") else common.consented_on
        mode = Mode(said["mode"]) if said.get("mode") else common.mode
    except (ValueError, argparse.ArgumentTypeError) as error:
        raise BatchListError(where, str(error)) from error
    if not version or agreed is None:
        raise BatchListError(
            where,
            "nobody is enrolled without a consent: name the wording and the day, by the columns "
            "consent and consented_on or by --consent and --consented-on",
        )
    phrase = PhraseId(said.get("phrase") or common.phrase)
    try:
        locale = listed(said.get("locale") or common.locale, mode, phrase, common.phrases_folder)
    except UnknownPhraseError as error:
        raise BatchListError(where, str(error)) from error
    return Terms(Consent(version, ConsentGiven.DOCUMENT, agreed), locale, mode, phrase)


def _checked(line: _Line) -> _Line:
    if (fault := account_fault(line.account)) is not None:
        raise BatchListError(line.where, fault)
    if not line.path.is_file():
        raise BatchListError(line.where, f"there is no file {line.path}")
    return line


def _refuse_repeated(lines: Iterable[_Line]) -> None:
    """The same recording once more would be refused as a replay, and counted towards a lockout."""
    seen: dict[tuple[AccountId, Path], str] = {}
    for line in lines:
        first = seen.setdefault((line.account, line.path), line.where)
        if first != line.where:
            raise BatchListError(line.where, f"the same recording of the same account as {first}")


def _persons(lines: Iterable[_Line]) -> list[Wish]:
    """Join the recordings of each account."""
    found: dict[AccountId, list[_Line]] = {}
    for line in lines:
        first = found.setdefault(line.account, [line])[0]
        if line.terms != first.terms:
            raise BatchListError(
                line.where, f"it says other than {first.where} of the same account"
            )
        if line is not first:
            found[line.account].append(line)
    return [
        Wish(account, tuple(line.path for line in of_account), of_account[0].terms)
        for account, of_account in found.items()
    ]
