"""Each purpose has its operating point, and a search accounts for how many voices it meets."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.decision.operating_point import Basis, at_fmr
from engine.decision.purposes import (
    VOICES_COUNTED,
    TargetRates,
    most_voices,
    point_for,
    share,
    tail,
)
from engine.errors import OutOfReachError
from engine.types import Purpose
from engine.voice.card import MeasuredPoint
from tests.unit.engine.decision.conftest import calibrated

RATES = TargetRates(verify=0.02, identify=0.05)


def test_one_comparison_has_the_point_of_its_rate() -> None:
    """Verification is a group of one."""
    found = point_for(Purpose.VERIFY, RATES, calibrated())
    assert found == at_fmr(0.02, calibrated())


@pytest.mark.parametrize("stricter", [0, 1])
def test_a_passphrase_has_the_stricter_of_two_points(stricter: int) -> None:
    """Whichever way it is compared, the rate is kept; searches compare as a whole."""
    lax = calibrated()
    strict = replace(lax, card=replace(lax.card, points=(MeasuredPoint(0.02, 0.3, 4.0),)))
    whole, by_parts = (strict, lax) if stricter == 0 else (lax, strict)
    both = replace(whole, by_parts=by_parts)
    assert point_for(Purpose.VERIFY, RATES, both) == at_fmr(0.02, strict)
    search = point_for(Purpose.IDENTIFY, RATES, both, 3)
    assert search == point_for(Purpose.IDENTIFY, RATES, whole, 3)


def test_a_threshold_lies_within_both_ways_to_compare() -> None:
    """Beyond the limit of one of them nobody could be accepted who is compared so."""
    lax = calibrated(limit=3.5)
    strict = replace(lax, card=replace(lax.card, points=(MeasuredPoint(0.02, 0.3, 4.0),), limit=6))
    for whole, by_parts in ((strict, lax), (lax, strict)):
        with pytest.raises(OutOfReachError, match=r"supports Llrs up to 3\.5"):
            point_for(Purpose.VERIFY, RATES, replace(whole, by_parts=by_parts))


@pytest.mark.parametrize("purpose", Purpose)
def test_every_purpose_has_a_rate(purpose: Purpose) -> None:
    """None is forgotten."""
    assert 0 < TargetRates().of(purpose) < 1


@given(st.floats(1e-3, 0.5), st.integers(1, 5000))
def test_the_comparisons_together_keep_the_rate(fpir: float, voices: int) -> None:
    """1 - (1 - FMR)^n gives the FPIR again."""
    assert -math.expm1(voices * math.log1p(-share(fpir, voices))) == pytest.approx(fpir)


@pytest.mark.parametrize(("fpir", "voices"), [(0, 5), (1, 5), (0.5, 0), (math.nan, 5)])
def test_a_search_of_nothing_has_no_share(fpir: float, voices: int) -> None:
    """A rate lies between 0 and 1, and somebody has to be there."""
    with pytest.raises(ValueError, match="at least one voice"):
        share(fpir, voices)


@given(st.integers(1, 300), st.integers(1, 300), st.floats(0.001, 0.5))
@example(1, 2, 0.005)
def test_a_larger_group_never_asks_for_less(one: int, other: int, fpir: float) -> None:
    """More voices, more chances to be like one of them."""
    rates = TargetRates(identify=fpir)
    few, many = (
        point_for(Purpose.IDENTIFY, rates, calibrated(limit=99.0), n) for n in sorted((one, other))
    )
    assert few.threshold <= many.threshold


def test_the_tail_goes_on_where_the_measured_points_end() -> None:
    """Each e-fold of rarity costs what it cost between the measured points, and never more than
    the bound."""
    points = (MeasuredPoint(0.1, 0.1, 1.0), MeasuredPoint(0.01, 0.3, 2.0))
    assert tail(0.001, points) == pytest.approx(3.0)
    steep = (MeasuredPoint(0.1, 0.1, 1.0), MeasuredPoint(0.01, 0.3, 4.0))
    assert tail(0.001, steep) == tail(0.001, ()) == pytest.approx(math.log(1000))


@pytest.mark.parametrize("laxer", [(MeasuredPoint(0.1, 0.1, 1.0),), ()])
def test_the_tail_never_falls_below_what_was_measured(laxer: tuple[MeasuredPoint, ...]) -> None:
    """Where impostors were measured beyond the bound, it is no bound."""
    assert tail(0.001, (*laxer, MeasuredPoint(0.01, 0.3, 9.0))) == 9.0


@given(st.sampled_from(list(Purpose)), st.floats(1e-4, 0.5), st.floats(1.0, 12.0))
def test_the_most_voices_are_the_last_that_can_be_searched(
    purpose: Purpose, rate: float, limit: float
) -> None:
    """One more, and no evidence is enough; 0 where that is so of a single one."""
    rates, calibration = TargetRates(rate, rate, rate, rate), calibrated(limit=limit)
    most = most_voices(purpose, rates, calibration)
    if most:
        point_for(purpose, rates, calibration, most)
    with pytest.raises(OutOfReachError):
        point_for(purpose, rates, calibration, most + 1)


@pytest.mark.parametrize("apart", [0.1, 0.001])
def test_voices_without_end_are_counted_to_an_end(apart: float) -> None:
    """Where impostors thin out fast no group is too large, and a program reads a number still."""
    found = calibrated(limit=6.8)
    points = (MeasuredPoint(0.1, 0.1, 2.6 - apart), MeasuredPoint(0.01, 0.3, 2.6))
    found = replace(found, card=replace(found.card, points=points))
    assert most_voices(Purpose.IDENTIFY, RATES, found) == VOICES_COUNTED


def test_a_search_beyond_the_calibration_is_refused() -> None:
    """Nobody could ever be named: better to say so."""
    with pytest.raises(OutOfReachError, match="search a smaller group"):
        point_for(Purpose.IDENTIFY, RATES, calibrated(limit=3.1), 1000)
    assert point_for(Purpose.IDENTIFY, RATES, calibrated(limit=99.0), 1000).basis is Basis.TAIL
