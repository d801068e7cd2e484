"""Error rates against values worked out by hand, or by another way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.evaluation.metrics import Ranked, cllr, curve, eer, fnmr_at, min_cllr, min_dcf


def rates(targets: list[float], others: list[float]) -> tuple[Ranked, np.ndarray]:
    scores = np.array(targets + others, dtype=np.float64)
    target = np.array([True] * len(targets) + [False] * len(others))
    return Ranked.of(scores, target), np.ones(len(scores))


def test_scores_that_separate_have_no_errors() -> None:
    """Perfect separation: every rate and cost is 0."""
    ranked, ones = rates([0.8, 0.9], [0.1, 0.2, 0.3])
    pools = ranked.weights(ones)
    errors = curve(*pools)
    assert eer(errors) == 0.0
    assert fnmr_at(errors, 0.001) == 0.0
    assert min_dcf(errors) == 0.0
    assert min_cllr(*pools) == pytest.approx(0.0, abs=1e-12)


def test_the_equal_error_rate_of_a_known_list() -> None:
    """One of four targets lies below one of four others: a quarter."""
    ranked, ones = rates([0.2, 0.6, 0.7, 0.8], [0.0, 0.05, 0.1, 0.3])
    assert eer(curve(*ranked.weights(ones))) == pytest.approx(0.25)


def test_equal_scores_are_no_evidence() -> None:
    """Where all scores are the same, EER is a half, minDCF and minCllr are 1."""
    ranked, ones = rates([0.5] * 3, [0.5] * 7)
    pools = ranked.weights(ones)
    assert eer(curve(*pools)) == pytest.approx(0.5)
    assert min_dcf(curve(*pools)) == pytest.approx(1.0)
    assert min_cllr(*pools) == pytest.approx(1.0)


def test_fnmr_is_read_where_the_false_match_rate_still_holds() -> None:
    """With 200 others, an FMR of 1 % leaves two of them above the threshold."""
    others = [k / 1000 for k in range(200)]
    ranked, ones = rates([0.1975, 0.5], others)
    errors = curve(*ranked.weights(ones))
    assert fnmr_at(errors, 0.01) == 0.0
    assert fnmr_at(errors, 0.001) == 0.5


def test_cllr_of_no_information_is_one_bit() -> None:
    """A likelihood ratio of one everywhere costs one bit; a right and strong one nearly nothing."""
    ones = np.ones(2)
    assert cllr(np.zeros(2), ones, ones) == pytest.approx(1.0)
    strong = cllr(np.array([-20.0, 20.0]), np.array([0.0, 1.0]), np.array([1.0, 0.0]))
    assert strong < 1e-6


def test_without_one_kind_of_trial_there_is_no_rate() -> None:
    """NaN, not a number that looks like a result."""
    ranked, ones = rates([0.1, 0.2], [])
    targets, others = ranked.weights(ones)
    with np.errstate(all="ignore"):
        errors = curve(targets, others)
    assert np.isnan(eer(errors))
    assert np.isnan(fnmr_at(errors, 0.01))
    assert np.isnan(min_cllr(targets, others))


@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.booleans(), st.integers(0, 3)), min_size=2, max_size=40
    )
)
def test_a_weight_counts_like_a_repetition(trials: list[tuple[int, bool, int]]) -> None:
    """Weighting a trial by n is the same as listing it n times."""
    trials = [*trials, (5, True, 1), (3, False, 1)]
    scores = np.array([t[0] for t in trials], dtype=np.float64)
    target = np.array([t[1] for t in trials])
    times = np.array([t[2] for t in trials])
    weighted = Ranked.of(scores, target).weights(times.astype(np.float64))
    listed = Ranked.of(scores.repeat(times), target.repeat(times))
    repeated = listed.weights(np.ones(times.sum()))
    assert eer(curve(*weighted)) == pytest.approx(eer(curve(*repeated)))
    assert min_dcf(curve(*weighted)) == pytest.approx(min_dcf(curve(*repeated)))
    assert min_cllr(*weighted) == pytest.approx(min_cllr(*repeated))


@given(st.lists(st.floats(-5, 5), min_size=3, max_size=30), st.integers(1, 2))
def test_min_cllr_is_a_lower_bound(llrs: list[float], every: int) -> None:
    """No calibration does better than the best rising one."""
    scores = np.array(llrs)
    target = np.arange(len(llrs)) % (every + 1) == 0
    ranked = Ranked.of(scores, target)
    pools = ranked.weights(np.ones(len(llrs)))
    assert min_cllr(*pools) <= cllr(ranked.scores, *pools) + 1e-9
