"""What is accepted, what is not, and what cannot be decided."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.decision.operating_point import Basis, OperatingPoint, at_costs, at_fmr, lowest_fmr
from engine.decision.policy import QualityLimits, confidence, fused, judge, shortcoming
from engine.errors import ModelError
from engine.types import Llr, Quality, Reason, Shortcoming, Verdict
from tests.unit.engine.decision.conftest import calibrated

POINT = OperatingPoint(Llr(3.0), Basis.BOUND)
FINITE = st.floats(-1e6, 1e6).map(Llr)
ANY = st.floats().map(Llr)
GOOD = Quality(net_speech_s=2.0, snr_db=20.0, level_dbfs=-25.0, clipped=0.0)


def test_no_evidence_is_never_accepted() -> None:
    """Without an attempt there is nothing to decide."""
    found = judge([], POINT)
    assert (found.verdict, found.reason) == (Verdict.INCONCLUSIVE, Reason.NOT_ENOUGH_SPEECH)
    assert (found.confidence, found.unsure) == (0, False)


@given(st.lists(ANY, max_size=3), st.sampled_from([math.nan, math.inf, -math.inf]), st.integers())
def test_evidence_that_is_no_number_is_never_accepted(
    llrs: list[Llr], bad: float, place: int
) -> None:
    """One such attempt makes the whole call INCONCLUSIVE."""
    llrs.insert(place % (len(llrs) + 1), Llr(bad))
    assert judge(llrs, POINT).verdict is Verdict.INCONCLUSIVE


@given(st.lists(FINITE, min_size=1, max_size=3))
def test_the_mean_of_the_attempts_decides(llrs: list[Llr]) -> None:
    """ACCEPT from the threshold on, else REJECT, each with its reason."""
    found = judge(llrs, POINT)
    accepted = math.fsum(llrs) / len(llrs) >= POINT.threshold
    assert found.verdict is (Verdict.ACCEPT if accepted else Verdict.REJECT)
    assert found.reason is (Reason.MATCH if accepted else Reason.NO_MATCH)
    assert 0 <= found.confidence <= 100


@given(st.lists(FINITE, min_size=1, max_size=3), st.integers(0, 2), st.floats(0, 100))
def test_better_evidence_never_turns_an_accept_into_a_reject(
    llrs: list[Llr], place: int, more: float
) -> None:
    """The judgement is monotone in each attempt."""
    better = list(llrs)
    better[place % len(llrs)] = Llr(better[place % len(llrs)] + more)
    before, after = judge(llrs, POINT), judge(better, POINT)
    assert before.verdict is Verdict.REJECT or after.verdict is Verdict.ACCEPT
    assert before.confidence <= after.confidence


def test_one_good_attempt_does_not_outweigh_a_bad_one() -> None:
    """Three tries are not three chances."""
    assert judge([Llr(-4.0), Llr(4.0)], POINT).verdict is Verdict.REJECT


@given(st.lists(FINITE, min_size=1, max_size=4))
def test_fusing_never_exceeds_the_best_attempt(llrs: list[Llr]) -> None:
    """The mean lies between the least and the greatest."""
    slack = 1e-6
    assert min(llrs) - slack <= fused(llrs) <= max(llrs) + slack


@pytest.mark.parametrize(
    ("llr", "unsure"), [(-0.1, False), (0.0, False), (0.1, True), (2.9, True), (3.0, False)]
)
def test_evidence_that_leans_to_the_claim_is_unsure(llr: float, unsure: bool) -> None:
    """Above 0 and below the threshold, more speech could tell."""
    assert judge([Llr(llr)], POINT).unsure is unsure


@pytest.mark.parametrize(
    ("llr", "percent"), [(0, 50), (math.log(99), 99), (-math.log(99), 1), (1e4, 100), (-1e4, 0)]
)
def test_confidence_is_the_posterior_at_even_odds(llr: float, percent: int) -> None:
    """Odds of 99 to 1 are 99 percent."""
    assert confidence(Llr(llr)) == percent


@pytest.mark.parametrize(
    ("quality", "found"),
    [
        (GOOD, None),
        (Quality(0.9, 20, -25, 0), Shortcoming.TOO_SHORT),
        (Quality(0.0, 60, -100, 0), Shortcoming.TOO_SHORT),
        (Quality(2.0, 5.0, -25, 0), Shortcoming.TOO_NOISY),
        (Quality(2.0, 20, -51, 0), Shortcoming.TOO_QUIET),
        (Quality(2.0, 20, -3, 0.03), Shortcoming.TOO_LOUD),
        (Quality(2.0, 20, -45, 0), None),
        (Quality(math.nan, 20, -25, 0), Shortcoming.TOO_SHORT),
        (Quality(2.0, math.nan, -25, 0), Shortcoming.TOO_NOISY),
        (Quality(2.0, 20, math.nan, 0), Shortcoming.TOO_QUIET),
        (Quality(2.0, 20, -25, math.nan), Shortcoming.TOO_LOUD),
    ],
)
def test_each_shortcoming_has_its_limit(quality: Quality, found: Shortcoming | None) -> None:
    """NaN is a shortcoming, too; -45 dBFS is quiet but usable."""
    assert shortcoming(quality, QualityLimits()) is found


@pytest.mark.parametrize(
    ("target", "threshold", "basis"),
    [
        (0.5, 1.5, Basis.MEASURED),
        (0.05, 1.5, Basis.MEASURED),
        (0.02, 3.0, Basis.MEASURED),
        (0.01, 3.0, Basis.MEASURED),
        (0.005, math.log(200), Basis.BOUND),
    ],
)
def test_a_target_rate_has_a_threshold(target: float, threshold: float, basis: Basis) -> None:
    """Measured as far as the trials reach, the bound beyond."""
    found = at_fmr(target, calibrated())
    assert found.threshold == pytest.approx(threshold)
    assert found.basis is basis


@given(st.floats(0.003, 0.999), st.floats(0.003, 0.999))
def test_a_stricter_target_never_has_a_lower_threshold(one: float, other: float) -> None:
    """Fewer false matches ask for more evidence."""
    strict, lax = (at_fmr(rate, calibrated()) for rate in sorted((one, other)))
    assert strict.threshold >= lax.threshold


@given(st.floats(0.001, 0.02), st.floats(0.001, 0.02), st.floats(3.0, 9.0))
def test_a_calibration_that_says_too_much_never_lowers_a_threshold(
    one: float, other: float, strictest: float
) -> None:
    """Where impostors were measured beyond the bound, it is no bound: the measured one stays."""
    found = calibrated(limit=99.0)
    points = (*found.card.points[:1], replace(found.card.points[1], threshold=strictest))
    found = replace(found, card=replace(found.card, points=points))
    strict, lax = (at_fmr(rate, found) for rate in sorted((one, other)))
    assert strict.threshold >= lax.threshold


def test_a_rate_below_one_out_of_reach_is_out_of_reach() -> None:
    """The bound would promise what was measured not to hold."""
    found = calibrated(limit=5.0)
    points = (replace(found.card.points[1], threshold=5.5),)
    with pytest.raises(ModelError, match="nobody could be accepted"):
        at_fmr(0.008, replace(found, card=replace(found.card, points=points)))


@pytest.mark.parametrize("target", [0, 1, -0.1, 1.5, math.nan])
def test_a_target_that_is_no_rate_is_refused(target: float) -> None:
    """A false match rate lies between 0 and 1."""
    with pytest.raises(ValueError, match="between 0 and 1"):
        at_fmr(target, calibrated())


def test_a_target_that_nobody_could_reach_is_refused() -> None:
    """Beyond the limit of the calibration every caller would be rejected: better not start."""
    with pytest.raises(ModelError, match=r"nobody could be accepted.*higher false match rate"):
        at_fmr(1e-6, calibrated())


@pytest.mark.parametrize(("limit", "told"), [(6.0, "0.248 %"), (2.9, "5.000 %")])
def test_a_target_that_is_refused_names_one_that_is_not(limit: float, told: str) -> None:
    """Rounded up, so that it can be typed in as it is told."""
    with pytest.raises(ModelError, match=re.escape(f"higher false match rate, from {told} on")):
        at_fmr(1e-6, calibrated(limit=limit))
    rate = float(told.removesuffix(" %")) / 100
    assert at_fmr(rate, calibrated(limit=limit)).threshold <= limit


def test_where_no_target_can_be_reached_none_is_named() -> None:
    """A calibration of so little evidence accepts nobody."""
    with pytest.raises(ModelError, match=r"aim for a higher false match rate$"):
        at_fmr(0.3, calibrated(limit=0.1))


@pytest.mark.parametrize(
    ("limit", "lowest"),
    [(6.0, math.exp(-6)), (4.0, 0.01), (3.0, 0.01), (2.9, 0.05), (1.0, 1.0)],
)
def test_the_lowest_rate_is_where_the_calibration_ends(limit: float, lowest: float) -> None:
    """By the bound, or at a measured point that it still reaches; from there on all are reached."""
    reached = calibrated(limit=limit)
    assert lowest_fmr(reached.card) == pytest.approx(lowest)
    for target in (0.003, 0.01, 0.02, 0.05, 0.3, 0.999):
        assert target < lowest or at_fmr(target, reached).threshold <= limit
    with pytest.raises(ModelError, match="nobody could be accepted"):
        at_fmr(lowest * (1 - 1e-6), reached)


def test_costs_have_the_bayes_threshold() -> None:
    """A false accept a hundred times as dear as a miss, at even odds: ln 100."""
    found = at_costs(0.5, 1, 100, calibrated())
    assert found.threshold == pytest.approx(math.log(100))
    assert found.basis is Basis.COSTS


@pytest.mark.parametrize("numbers", [(0, 1, 1), (1, 1, 1), (0.5, 0, 1), (0.5, 1, math.nan)])
def test_costs_that_make_no_sense_are_refused(numbers: tuple[float, float, float]) -> None:
    """Certainty needs no biometrics, and a cost is above 0."""
    with pytest.raises(ValueError, match="prior"):
        at_costs(*numbers, calibrated())
