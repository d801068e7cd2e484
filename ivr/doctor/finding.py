"""What a checkup finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How it stands with what was checked."""

    GOOD = "good"
    WARNING = "warning"
    """Calls can be taken; somebody should know nevertheless."""
    FAULT = "fault"
    SKIPPED = "skipped"
    """Not to be found out while something else is at fault."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: what was found, and how to mend it where it is not good."""

    check: str
    state: State
    found: str
    mend: str = ""


def good(check: str, found: str) -> Finding:
    """Return that a check found nothing wrong."""
    return Finding(check, State.GOOD, found)


def warning(check: str, found: str, mend: str) -> Finding:
    """Return what somebody should know of."""
    return Finding(check, State.WARNING, found, mend)


def fault(check: str, found: object, mend: str) -> Finding:
    """Return what keeps calls from being taken or decided."""
    return Finding(check, State.FAULT, str(found), mend)


def skipped(check: str, why: str) -> Finding:
    """Return that a check could not be made."""
    return Finding(check, State.SKIPPED, f"not checked: {why}")
