"""Intervals that know how few people spoke, however often."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta

from engine.evaluation.bootstrap import share


@pytest.mark.parametrize("hit", [False, True])
def test_never_and_always_are_as_sure_as_there_are_people(hit: bool) -> None:
    """Twenty times as many trials of the same four people tell nothing about others."""
    people = [number % 4 for number in range(80)]
    value, low, high = share([hit] * 80, people, 100)
    bound = beta.ppf(0.975, 1, 4)
    expected = (1.0, 1 - bound, 1.0) if hit else (0.0, 0.0, bound)
    assert (value, low, high) == pytest.approx(expected)


def test_who_speaks_more_often_counts_more() -> None:
    """A share of the trials; its interval is of the people."""
    value, low, high = share([True, True, True, False], ["a", "a", "a", "b"], 200)
    assert (value, low, high) == (0.75, 0.0, 1.0)


def test_one_person_who_did_both_has_no_interval() -> None:
    """Nobody else can be drawn."""
    value, low, high = share([True, False], ["a", "a"], 100)
    assert value == 0.5
    assert np.isnan(low)
    assert np.isnan(high)
