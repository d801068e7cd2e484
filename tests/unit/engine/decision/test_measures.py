"""The measures against values worked out by hand and in closed form."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.decision.measures import Judged, cllr, eer, min_cllr, rates, threshold_at


def judged(targets: list[float], impostors: list[float]) -> Judged:
    """Trials with weight 1 each."""
    llrs = np.array(targets + impostors, float)
    return Judged(llrs, np.arange(len(llrs)) < len(targets), np.ones(len(llrs)))


def gaussian(separation: float, count: int = 20_000) -> Judged:
    """Calibrated Llrs: both normal with variance 2m and means m and -m."""
    quantiles = (np.arange(count) + 0.5) / count
    mean = separation**2 / 2
    normal = np.array([NormalDist().inv_cdf(q) for q in quantiles]) * separation
    return judged(list(mean + normal), list(normal - mean))


LISTS = st.lists(st.floats(-20, 20), min_size=1, max_size=20)


def test_saying_nothing_costs_one_bit() -> None:
    """Llr 0 throughout has Cllr 1, and nothing better can be made of it."""
    assert cllr(judged([0, 0], [0, 0, 0])) == pytest.approx(1)
    assert min_cllr(judged([0, 0], [0, 0, 0])) == pytest.approx(1)
    assert eer(judged([0, 0], [0, 0, 0])) == pytest.approx(0.5)


def test_cllr_by_hand() -> None:
    """A target at ln 3 and an impostor at 0: (log2(4/3) + log2(2)) / 2."""
    assert cllr(judged([np.log(3)], [0])) == pytest.approx((np.log2(4 / 3) + 1) / 2)


def test_perfect_scores_can_cost_nothing() -> None:
    """Separated scores have minimal Cllr 0 and EER 0, whatever their scale."""
    assert min_cllr(judged([0.2, 0.3], [0.0, 0.1])) == pytest.approx(0)
    assert eer(judged([0.2, 0.3], [0.0, 0.1])) == 0


def test_calibrated_gaussians_are_as_in_theory() -> None:
    """EER is the normal tail beyond half the separation; Cllr is already minimal."""
    trials = gaussian(2.0)
    assert eer(trials) == pytest.approx(NormalDist().cdf(-1.0), abs=1e-3)
    assert cllr(trials) == pytest.approx(min_cllr(trials), abs=2e-3)


@pytest.mark.parametrize("fmr", [0.1, 0.01])
def test_the_bound_holds_for_calibrated_ratios(fmr: float) -> None:
    """No more impostors than the target lie above -ln(FMR)."""
    assert rates(gaussian(2.0), -np.log(fmr))[0] <= fmr


@given(LISTS, LISTS)
def test_recalibration_never_costs(targets: list[float], impostors: list[float]) -> None:
    """The best monotone map is at least as good as what it maps."""
    trials = judged(targets, impostors)
    assert min_cllr(trials) <= cllr(trials) + 1e-9


@given(LISTS, LISTS, st.floats(0.001, 0.999))
def test_the_threshold_keeps_the_false_match_rate(
    targets: list[float], impostors: list[float], fmr: float
) -> None:
    """At it, no more impostors match than allowed."""
    trials = judged(targets, impostors)
    assert rates(trials, threshold_at(trials, fmr))[0] <= fmr + 1e-9


def test_rates_by_hand() -> None:
    """A Llr at the threshold is a match."""
    assert rates(judged([1, 2, 3], [0, 1, 1, -5]), 1.0) == pytest.approx((0.5, 0))
    assert rates(judged([1, 2, 3], [0, 1, 1, -5]), 1.5) == pytest.approx((0, 1 / 3))


def test_a_trial_counts_as_much_as_its_weight() -> None:
    """One impostor of weight 3 counts like three."""
    one = Judged(np.array([2.0, 1, 0]), np.array([True, False, False]), np.array([1.0, 3, 1]))
    three = judged([2], [1, 1, 1, 0])
    assert cllr(one) == pytest.approx(cllr(three))
    assert min_cllr(one) == pytest.approx(min_cllr(three))
    assert rates(one, 0.5) == pytest.approx(rates(three, 0.5))
