"""The truth table in the documents is what the policy does."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.decision.truth_table import drawn, redrawn, rows
from engine.types import Verdict

DOCUMENT = Path(__file__).parents[4] / "docs" / "policy.md"


def test_the_document_holds_the_table_of_the_code() -> None:
    """A change of the policy changes the document: draw it anew with the command."""
    assert drawn() in DOCUMENT.read_text(encoding="utf-8")


def test_one_row_accepts() -> None:
    """Everything has to be right for it, and computed."""
    accepting = [values for values, said in rows() if said[0] == Verdict.ACCEPT]
    assert len(accepting) == 1
    computed, replay, watchlist, speech, phrase, digits, voice = accepting[0]
    assert (computed, replay, watchlist) == ("yes", "fresh or unchecked", "no hit")
    assert (speech, phrase, digits) == ("fit", "right or unchecked", "right or unchecked")
    assert voice == "at the threshold or above"


def test_drawing_anew_keeps_the_rest() -> None:
    """Only what is between the marks changes, and without marks nothing is written."""
    document = DOCUMENT.read_text(encoding="utf-8")
    assert redrawn(document) == document
    with pytest.raises(ValueError, match="needs the lines"):
        redrawn("no marks")
