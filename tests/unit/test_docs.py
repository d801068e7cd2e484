"""What the documents draw is what the program obeys."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec

from ivr.config import Configuration
from ivr.domain.call import TRANSITIONS, CallState, IllegalTransitionError, step
from ivr.domain.diagram import call_states

ARCHITECTURE = Path(__file__).parents[2] / "docs/architecture.md"


def test_the_state_diagram_is_drawn_from_the_table() -> None:
    """A change of the table changes the document."""
    assert call_states() in ARCHITECTURE.read_text(encoding="utf-8")


def test_every_step_outside_the_table_is_refused() -> None:
    """All pairs of states: the table's are taken, the others raise."""
    for before in CallState:
        for after in CallState:
            legal = after is before or after in TRANSITIONS[before]
            try:
                taken = step(before, after) is after
            except IllegalTransitionError:
                taken = False
            assert taken is legal


CONFIGURATION = ARCHITECTURE.with_name("configuration.md")


def test_every_setting_is_documented_with_its_default() -> None:
    """A table row for each key, and no row for a key that does not exist."""
    documented = {
        (section, key): default
        for section, table in re.findall(
            r"^## `\[(\w+)\]`.*?\n(.*?)(?=^## )", _text(), re.MULTILINE | re.DOTALL
        )
        for key, default in re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", table, re.MULTILINE)
    }
    actual = {
        (section, key): msgspec.json.encode(value).decode()
        for section, table in msgspec.to_builtins(Configuration()).items()
        for key, value in table.items()
    }
    assert documented == actual


def _text() -> str:
    return CONFIGURATION.read_text(encoding="utf-8")
