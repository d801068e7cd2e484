"""The SQL files: named, described, and clear about what is wrong with one."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.storage.migrations import migrations, read_migrations
from ivr.storage.queries import SQL_FOLDER, QueryFileError, load, parse, query

GOOD = "-- name: find-it\n-- Return it.\nSELECT 1;\n"


def test_a_query_has_a_name_a_sentence_and_sql() -> None:
    """Comments after the sentence stay with the SQL."""
    (found,) = parse("-- name: find-it\n-- Return it.\n-- For id $1.\nSELECT 1;\n", "x.sql")
    assert (found.name, found.sentence) == ("find-it", "Return it.")
    assert found.sql == "-- For id $1.\nSELECT 1;"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("SELECT 1;\n" + GOOD, "before the first"),
        ("-- name: Find It\n-- Return it.\nSELECT 1;", "'Find It' is no name"),
        ("-- name:\n-- Return it.\nSELECT 1;", "is no name"),
        ("-- name: find-it\nSELECT 1;", "needs a sentence"),
        ("-- name: find-it\n-- no full stop\nSELECT 1;", "needs a sentence"),
        ("-- name: find-it\n-- Return it.\n-- nothing else\n", "has no SQL"),
    ],
)
def test_a_file_that_is_wrong_says_how(text: str, complaint: str) -> None:
    """The message names the file and what is missing."""
    with pytest.raises(QueryFileError, match=complaint) as caught:
        list(parse(text, "profiles.sql"))
    assert str(caught.value).startswith("profiles.sql: ")


def test_a_name_is_given_once(tmp_path: Path) -> None:
    """Two files with one name are refused."""
    (tmp_path / "a.sql").write_text(GOOD)
    (tmp_path / "b.sql").write_text(GOOD)
    with pytest.raises(QueryFileError, match=r"b\.sql: a query named 'find-it' exists already"):
        load(tmp_path)


def test_a_folder_without_sql_means_a_torn_installation(tmp_path: Path) -> None:
    """Both loaders say so."""
    with pytest.raises(QueryFileError, match="installation is incomplete"):
        load(tmp_path)
    with pytest.raises(QueryFileError, match="installation is incomplete"):
        read_migrations(tmp_path)


def test_an_unknown_query_is_named_in_the_error() -> None:
    """A slip in a name is found at once."""
    with pytest.raises(QueryFileError, match="'find-nobody'"):
        query("find-nobody")


def test_every_query_is_used_and_every_name_used_is_a_query() -> None:
    """No dead SQL: each name stands in the code."""
    code = "".join(file.read_text() for file in SQL_FOLDER.parent.rglob("*.py"))
    unused = [name for name in load(SQL_FOLDER / "queries") if f'"{name}"' not in code]
    assert not unused


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        (["0001_a.sql", "0003_b.sql"], "0003_b stands where 0002 should"),
        (["0001_a.sql", "0001_b.sql"], "0001_b stands where 0002 should"),
        (["1_a.sql"], "is no migration"),
    ],
)
def test_migrations_are_numbered_without_gaps(
    tmp_path: Path, names: list[str], complaint: str
) -> None:
    """A number missing, doubled or misspelt is refused before anything is applied."""
    for name in names:
        (tmp_path / name).write_text("SELECT 1;")
    with pytest.raises(QueryFileError, match=complaint):
        read_migrations(tmp_path)


def test_our_migrations_are_in_order() -> None:
    """What ships is readable."""
    assert [migration.version for migration in migrations()] == list(
        range(1, len(migrations()) + 1)
    )
