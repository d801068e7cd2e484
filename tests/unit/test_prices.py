"""What an operating point costs, as the model that ships was measured."""

from __future__ import annotations

import pytest

from engine import SpeakerEngine
from engine.decision.purposes import share
from ivr.domain.operating_point import PointPurpose
from ivr.prices import VOICES, model_in_use, point_at

ENGINE = SpeakerEngine.load()
SEARCHES = [each for each in PointPurpose if each is not PointPurpose.VERIFICATION]


def test_a_verification_costs_what_was_measured() -> None:
    """At each measured rate the threshold and the honest callers missed are the card's.

    The threshold is the stricter of two: passphrases are compared by parts, too.
    """
    assert ENGINE.calibration.by_parts is not None
    by_parts = {each.fmr: each.threshold for each in ENGINE.calibration.by_parts.card.points}
    for measured in model_in_use(ENGINE).points:
        point = point_at(PointPurpose.VERIFICATION, measured.fmr, ENGINE)
        assert (point.own, point.basis, point.searches) == (True, "measured", ())
        stricter = max(measured.threshold, by_parts[measured.fmr])
        assert (point.threshold, point.fnmr) == (stricter, measured.fnmr)


@pytest.mark.parametrize("purpose", SEARCHES)
def test_a_search_of_one_voice_is_a_comparison_and_of_more_is_dearer(purpose: PointPurpose) -> None:
    """What was not measured is not said: no share of those missed beyond the measured points."""
    strictest = min(each.fmr for each in model_in_use(ENGINE).points)
    point = point_at(purpose, 0.05, ENGINE)
    assert [each.voices for each in point.searches] == list(VOICES)
    assert (point.threshold, point.fnmr) == (point.searches[0].threshold, point.searches[0].fnmr)
    assert point.fnmr is not None
    within_reach = [each.threshold for each in point.searches if each.threshold is not None]
    assert within_reach == sorted(within_reach)
    for search in point.searches:
        if share(0.05, search.voices) < strictest:
            assert search.fnmr is None
            assert (search.basis == "tail") is not bool(search.fault)


def test_a_search_that_no_evidence_is_enough_for_says_so() -> None:
    """Of a thousand voices, at a rate that no calibration supports."""
    point = point_at(PointPurpose.WATCHLIST, 0.01, ENGINE)
    assert point.searches[-1].threshold is None
    assert "1000 voices" in point.searches[-1].fault
    assert point.fault == ""


def test_a_rate_that_is_out_of_reach_is_a_fault_and_no_error() -> None:
    """The page is to open all the same."""
    for purpose in PointPurpose:
        point = point_at(purpose, 1e-9, ENGINE)
        assert point.threshold is None
        assert point.fault


def test_without_a_rate_it_is_the_installations() -> None:
    """Each purpose has one."""
    rates = {each: point_at(each, None, ENGINE) for each in PointPurpose}
    assert not any(point.own for point in rates.values())
    assert rates[PointPurpose.VERIFICATION].target_fmr == ENGINE.rates.verify
    assert rates[PointPurpose.ENROLLMENT].target_fmr == ENGINE.rates.duplicate
