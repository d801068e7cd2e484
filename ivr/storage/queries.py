"""The SQL in sql/queries, by name: every statement is written and described there, none here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SQL_FOLDER = Path(__file__).parent / "sql"
"""In a checkout a link to sql/ at the top; in an installed package a copy of it."""

_HEADER = re.compile(r"^-- name:(.*)$", re.MULTILINE)
_NAME = re.compile(r"[a-z]+(-[a-z]+)*")


@dataclass(frozen=True, slots=True)
class Query:
    """One statement with its name and the sentence that says what it does."""

    name: str
    sentence: str
    sql: str


class QueryFileError(Exception):
    """A file of sql/queries is absent or wrong (the program's fault, or a torn install)."""


@cache
def query(name: str) -> Query:
    """Return the query of that name; `QueryFileError` where there is none."""
    try:
        return _every_query()[name]
    except KeyError:
        raise QueryFileError(f"no query is named {name!r} in {SQL_FOLDER / 'queries'}") from None


@cache
def _every_query() -> dict[str, Query]:
    return load(SQL_FOLDER / "queries")


def load(folder: Path) -> dict[str, Query]:
    """Read every `*.sql` of the folder, by name; `QueryFileError` says which is wrong and how."""
    files = sorted(folder.glob("*.sql"))
    if not files:
        raise QueryFileError(f"no query files in {folder}: the installation is incomplete")
    found: dict[str, Query] = {}
    for file in files:
        for one in parse(file.read_text(encoding="utf-8"), file.name):
            if one.name in found:
                raise QueryFileError(f"{file.name}: a query named {one.name!r} exists already")
            found[one.name] = one
    return found


def parse(text: str, file: str) -> Iterator[Query]:
    """Yield the queries of one file: `-- name: find-it`, then `-- A sentence.`, then the SQL.

    Comment lines after the sentence belong to the SQL. Raises `QueryFileError`.
    """
    before, *pieces = _HEADER.split(text)
    if before.strip():
        raise QueryFileError(f"{file}: there is text before the first `-- name:` line")
    for name, body in zip(pieces[::2], pieces[1::2], strict=True):
        yield _query(name.strip(), body, file)


def _query(name: str, body: str, file: str) -> Query:
    if not _NAME.fullmatch(name):
        raise QueryFileError(f"{file}: {name!r} is no name; names are like find-profile")
    sentence, _, sql = body.strip().partition("\n")
    if not (sentence.startswith("-- ") and sentence.endswith(".")):
        raise QueryFileError(f"{file}: {name} needs a sentence, `-- Return ... .`, under its name")
    if not _without_comments(sql):
        raise QueryFileError(f"{file}: {name} has no SQL")
    return Query(name, sentence.removeprefix("-- "), sql.strip())


def _without_comments(sql: str) -> str:
    return "\n".join(line for line in sql.splitlines() if not line.startswith("--")).strip()
