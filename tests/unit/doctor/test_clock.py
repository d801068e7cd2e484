"""Clocks: a difference is measured against the time that the question itself took."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ivr.doctor.clock import TOLERANCE_S, check_clock
from ivr.doctor.finding import State

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
ASKED_S = 2.0


@pytest.mark.parametrize(
    ("apart_s", "state"),
    [
        (0.0, State.GOOD),
        (ASKED_S, State.GOOD),
        (ASKED_S + TOLERANCE_S, State.GOOD),
        (-TOLERANCE_S, State.GOOD),
        (ASKED_S + TOLERANCE_S + 1, State.FAULT),
        (-TOLERANCE_S - 1, State.FAULT),
    ],
)
def test_what_counts_is_the_difference_that_the_question_cannot_explain(
    apart_s: float, state: State
) -> None:
    """Their time, in seconds after the question was sent."""
    theirs, after = NOON + timedelta(seconds=apart_s), NOON + timedelta(seconds=ASKED_S)
    finding = check_clock("asterisk_clock", theirs, NOON, after)
    assert finding.state is state
    assert bool(finding.mend) is (state is State.FAULT)


def test_the_direction_is_told() -> None:
    """Whose clock must be set is the first question."""
    hour = timedelta(hours=1)
    assert "3600 s ahead of" in check_clock("c", NOON + hour, NOON, NOON).found
    assert "3600 s behind" in check_clock("c", NOON - hour, NOON, NOON).found
