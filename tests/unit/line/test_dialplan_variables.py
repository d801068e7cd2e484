"""The subroutines of countersign.conf leave nothing of an earlier call of theirs standing."""

from __future__ import annotations

import re

import pytest

from ivr.flows.variables import enrollment_variables, verification_variables
from ivr.lab.program import DIALPLANS
from ivr.line.shared import NOTHING
from tests.unit.storage.records import accepted, enrolled, opening

SUBROUTINES = ("verify", "challenge", "identify", "enroll", "passive", "passive-enroll")
TOLD = verification_variables(accepted(opening())).keys() | enrollment_variables(enrolled()).keys()
"""The variables of all calls but an identification, which has one more."""


def context(name: str) -> str:
    """Return the lines of a context of countersign.conf."""
    dialplan = (DIALPLANS / "countersign.conf").read_text()
    (found,) = re.findall(rf"^\[{name}\]\n(.*?)(?=^\[|\Z)", dialplan, re.MULTILINE | re.DOTALL)
    return str(found)


def test_what_came_of_a_passive_call_is_what_was_cleared_before_it() -> None:
    """By the dialplan and by us, and neither less nor more than there is to tell."""
    cleared = re.findall(r"Set\(SHARED\((\w+)\)=\)", context("countersign-passive-clear"))
    taken = re.findall(r"Set\((\w+)=\$\{SHARED\(\1\)\}\)", context("countersign-passive-result"))
    assert set(cleared) == set(taken) == NOTHING.keys() == TOLD


def test_what_is_told_is_cleared_before_it_is_asked_for() -> None:
    """Where Countersign is away nothing of an earlier call is found."""
    cleared = re.findall(r"Set\((COUNTERSIGN_\w+)=\)", context("countersign-ask"))
    assert set(cleared) - {"COUNTERSIGN_ACCOUNT"} == TOLD | {"COUNTERSIGN_IDENTITY"}


@pytest.mark.parametrize("name", SUBROUTINES)
def test_each_subroutine_clears_before_it_asks(name: str) -> None:
    """None has a way of its own to ask."""
    lines = context(f"countersign-{name}")
    assert "Goto(countersign-ask,s,1)" in lines
    assert "Stasis(" not in lines
    assert ("Gosub(countersign-passive-clear,s,1)" in lines) is name.startswith("passive")
