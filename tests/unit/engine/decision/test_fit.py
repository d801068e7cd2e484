"""The fit: from trials to a calibration."""

from __future__ import annotations

from dataclasses import astuple, replace

import numpy as np
import pytest

from engine.decision.calibrate import calibration
from engine.decision.fit import Trials, cross_validated, fit
from engine.decision.measures import cllr, min_cllr, rates
from engine.decision.trials import TAKES, CallTakes, Condition, trials
from engine.types import Embedding, Voiceprint
from engine.voice.card import CalibrationCard
from tests.unit.engine.decision.conftest import MODEL, quality

SPEAKERS = 20


def made_up(seed: int = 3) -> list[CallTakes]:
    """Three calls of each of twenty speakers: a voice in 16 dimensions, with noise."""
    rng = np.random.default_rng(seed)
    voices = rng.standard_normal((SPEAKERS, 16))

    def take(speaker: int) -> Voiceprint:
        vector = voices[speaker] + 0.6 * rng.standard_normal(16)
        unit = (vector / np.linalg.norm(vector)).astype(np.float32)
        return Voiceprint(Embedding(unit, MODEL), quality(rng.uniform(1, 3)))

    return [
        CallTakes(n % SPEAKERS, {name: take(n % SPEAKERS) for name in TAKES}) for n in range(60)
    ]


CALLS = made_up()
SOME = (Condition(("words 12",), "words 34"),)
"""One way to compare: the fit knows nothing of conditions."""
TRIALS = trials(CALLS, SOME)


@pytest.fixture(scope="module")
def fitted() -> CalibrationCard:
    """A calibration of these trials."""
    return calibration(TRIALS, "made up", version=3)


def test_every_two_calls_are_compared_each_way_round() -> None:
    """No call with itself; the same speaker's other calls are the targets."""
    assert len(TRIALS.terms) == 60 * 59
    assert TRIALS.same.sum() == 60 * 2


def test_calls_are_compared_over_each_of_their_lines() -> None:
    """Also over the noisier one, and no call with itself over another line."""
    both = [replace(call, noisier=call.takes) for call in CALLS[:4]]
    found = trials([*both[:3], CALLS[3]], SOME)
    assert len(found.terms) == 3 * 2 * 4 + 2 * 3 * 2


def test_a_call_without_a_take_is_left_out() -> None:
    """A condition compares only the calls that can meet it."""
    poor = CallTakes(99, {"words 12": CALLS[0].takes["words 12"]})
    found = trials([*CALLS[:3], poor], (Condition(("words 12",), "words 34"),))
    assert len(found.terms) == 4 * 3 - 3


def test_the_fit_finds_the_ratios_it_was_given() -> None:
    """Scores drawn from two normals have a known affine calibration: slope 8, bias -4."""
    rng = np.random.default_rng(1)
    scores = np.concatenate([rng.normal(0.75, 0.25, 20_000), rng.normal(0.25, 0.25, 20_000)])
    terms = np.zeros((40_000, 5))
    terms[:, 0], terms[:, 4] = scores, 1
    number = np.arange(40_000)
    speakers = np.stack([number, np.where(number < 20_000, number, number + 40_000)], axis=1)
    weights = fit(Trials(terms, speakers))
    assert weights.score == pytest.approx(8, rel=0.05)
    assert weights.bias == pytest.approx(-4, rel=0.05)


@pytest.mark.parametrize("prior", [0.5, 0.05])
def test_the_fit_is_calibrated_whatever_the_prior(prior: float) -> None:
    """Where the model is right, emphasis on another prior changes little."""
    llrs = TRIALS.terms @ astuple(fit(TRIALS, prior))
    judged = TRIALS.judged(llrs)
    assert cllr(judged) < min_cllr(judged) + 0.08


def test_scores_that_lie_still_rise() -> None:
    """Even from trials whose truth is turned round, the weight of the score is positive."""
    number = np.arange(len(TRIALS.same))
    turned = np.stack([number, np.where(TRIALS.same, number + 10**6, number)], axis=1)
    assert fit(Trials(TRIALS.terms, turned)).score > 0


def test_each_pair_of_speakers_counts_alike() -> None:
    """Repeating one pair's trials changes nothing."""
    often = np.concatenate([np.arange(len(TRIALS.same)), np.flatnonzero(TRIALS.same)])
    repeated = TRIALS.where(np.ones(len(TRIALS.same), bool))
    repeated = Trials(TRIALS.terms[often], TRIALS.speakers[often])
    assert astuple(fit(repeated)) == pytest.approx(astuple(fit(TRIALS)), rel=1e-2)


def test_trials_of_one_kind_are_refused() -> None:
    """Nothing can be learned without both."""
    with pytest.raises(ValueError, match="same and of different"):
        fit(TRIALS.where(TRIALS.same))


def test_cross_validation_knows_neither_speaker() -> None:
    """Changing one speaker's scores leaves the fit that judges that speaker as it was."""
    speaker = 7
    touched = np.any(TRIALS.speakers == speaker, axis=1)
    changed = TRIALS.terms.copy()
    changed[touched, 0] -= 0.125
    before, after = cross_validated(TRIALS), cross_validated(Trials(changed, TRIALS.speakers))
    slopes = (before - after)[touched] / 0.125
    fold = np.sort(TRIALS.speakers[touched] % 5, axis=1)
    for pair in np.unique(fold, axis=0):
        assert np.ptp(slopes[np.all(fold == pair, axis=1)]) < 1e-6
    assert np.isfinite(before).all()


def test_a_calibration_reports_how_good_it_is(fitted: CalibrationCard) -> None:
    """Figures of unknown speakers, thresholds that rise, a limit that the trials support."""
    assert (fitted.version, fitted.speakers) == (3, SPEAKERS)
    assert fitted.min_cllr <= fitted.cllr < 0.5
    thresholds = [point.threshold for point in fitted.points]
    assert thresholds == sorted(thresholds)
    assert fitted.limit == pytest.approx(np.log(SPEAKERS * (SPEAKERS - 1) / 2), abs=0.01)
    assert all(0 <= point.fnmr <= 1 for point in fitted.points)


def test_the_reported_thresholds_keep_their_rate(fitted: CalibrationCard) -> None:
    """On new speakers of the same kind, about as many impostors match as reported."""
    fresh = trials(made_up(seed=4), SOME)
    judged = fresh.judged(fresh.terms @ np.array(astuple(fitted.weights)))
    for point in fitted.points:
        assert rates(judged, point.threshold)[0] < 2 * point.fmr
