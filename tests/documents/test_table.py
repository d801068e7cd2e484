"""The table of what is not typed, and what is read out of the documents."""

from __future__ import annotations

from pathlib import Path

from tests.documents.conduct import alike
from tests.documents.elsewhere import ELSEWHERE, row_of
from tests.documents.place import PATHS, Place
from tests.documents.typed import commands, is_shell, pages
from tests.unit.documents import DOCUMENTS, blocks


def test_every_block_is_read() -> None:
    """What is no shell's is of a kind that is known; and there is much of both."""
    found = [block for page in DOCUMENTS for block in blocks(page)]
    typed = [block for block in found if is_shell(block)]
    assert len(typed) > 25
    assert len(found) - len(typed) > 25


def test_no_row_of_the_table_is_left_over() -> None:
    """A row that no command needs any more would hide the next one that begins so."""
    every = [command.text for page in pages().values() for command in commands(page)]
    used = {row.begins for row in map(row_of, every) if row is not None}
    assert [row.begins for row in ELSEWHERE if row.begins not in used] == []
    assert len([text for text in every if row_of(text) is None]) > 60


def test_a_command_is_put_in_its_place_once(tmp_path: Path) -> None:
    """Every folder of the machine lies below the test's own; what lies there already stays."""
    place = Place(tmp_path)
    for path in PATHS:
        here = place.here(f"cp {path}/file '{path}'")
        assert here == f"cp {tmp_path}{path}/file '{tmp_path}{path}'"
        assert place.here(here) == here


def test_what_a_sentence_only_names_is_not_typed() -> None:
    """A whole command of a sentence is, one that stands in a block already is not."""
    typed = {each.text for each in commands(pages()["operations.md"])}
    assert 'countersign keys rotate --why "yearly"' in typed
    assert "countersign doctor" not in typed
    assert "countersign database retain" not in typed


def test_what_shows_the_same_is_alike() -> None:
    """Another reason or comment is no other command, an option more is one; of others none is."""
    opted_out = alike("countersign profiles opt-out ACCOUNT --why WHY")
    assert alike('countersign profiles opt-out ACCOUNT --why "does not want it"  # he') == opted_out
    assert alike("countersign profiles erase ACCOUNT --why WHY") != opted_out
    rotated = alike("countersign keys rotate --why yearly")
    assert alike("countersign keys rotate --tenants --why yearly") != rotated
    assert alike("countersign doctor") != alike("countersign doctor --json")
    assert alike("./run countersign doctor") == alike("cp a b") == ""
