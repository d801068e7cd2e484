"""Lockout: how many REJECTs in a row lock a profile, and for how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ivr.domain.lockout import LOCKED, LockoutRules, locked_until

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
RULES = LockoutRules(delay_after=3, delay_s=300, lock_after=5)
DELAYED = NOON + timedelta(minutes=5)


@pytest.mark.parametrize(
    ("rejects", "until"),
    [(0, None), (2, None), (3, DELAYED), (4, DELAYED), (5, LOCKED), (99, LOCKED)],
)
def test_a_delay_comes_first_and_then_the_lock(rejects: int, until: datetime | None) -> None:
    """A few REJECTs cost minutes, many an administrator's visit."""
    assert locked_until(rejects, NOON, RULES) == until
