"""The score: half is the operating point, whatever the evidence."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.types import Llr
from ivr.api.azure.scores import score_of

LLRS = st.floats(-50, 50).map(Llr)


@given(LLRS, LLRS)
def test_half_is_where_it_is_accepted(llr: Llr, threshold: Llr) -> None:
    """A program that compares with 0.5 decides as the verdict does, also a hair's breadth off."""
    assert (score_of(llr, threshold) >= 0.5) == (llr >= threshold)


@given(LLRS, LLRS, LLRS)
def test_more_evidence_is_never_a_lower_score(one: Llr, other: Llr, threshold: Llr) -> None:
    """And every score lies between 0 and 1."""
    lower, higher = sorted((one, other))
    assert 0 <= score_of(lower, threshold) <= score_of(higher, threshold) <= 1


@pytest.mark.parametrize("llr", [None, Llr(math.nan), Llr(math.inf), Llr(-math.inf)])
def test_what_is_no_evidence_has_no_score(llr: Llr | None) -> None:
    """Not even infinitely much of it: nothing that was computed is infinite."""
    assert score_of(llr, Llr(1.0)) == 0.0


def test_a_threshold_that_is_none_is_reached_by_nothing() -> None:
    """A broken calibration accepts nobody."""
    assert score_of(Llr(9.0), Llr(math.nan)) == 0.0
