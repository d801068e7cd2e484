"""Backoff: grows, is capped, and is spread over the whole interval."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.ari.backoff import CAP_S, full_jitter


@pytest.mark.parametrize(
    ("tries", "most_s"), [(0, 0.1), (1, 0.2), (5, 3.2), (6, CAP_S), (10**9, CAP_S)]
)
def test_the_longest_wait_doubles_up_to_the_cap(tries: int, most_s: float) -> None:
    """However often it has been tried."""
    assert full_jitter(tries, draw=lambda: 1.0) == pytest.approx(most_s)
    assert full_jitter(tries, draw=lambda: 0.5) == pytest.approx(most_s / 2)


@given(st.integers(min_value=0))
def test_every_wait_is_within_the_cap(tries: int) -> None:
    """Drawn anew each time."""
    assert 0 <= full_jitter(tries) < CAP_S
