"""From two voices to a likelihood ratio: scoring, calibration, and the two use cases."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.decision.calibration import Calibration, Evidence, evidence
from engine.decision.scoring import score
from engine.errors import ModelError, ModelMismatchError, NoVoiceprintError
from engine.types import Score
from engine.verification import compare
from engine.voice.card import Weights, card_in, read_card
from tests.unit.engine.decision.conftest import MODEL, calibrated, quality, voice, voiceprint
from tests.unit.engine.voice.models import MODELS

ANGLES = st.floats(0, 2 * math.pi)
SCORES = st.floats(-1, 1)
SECONDS = st.floats(0, 1e6)
SNRS = st.tuples(st.floats(-20, 60), st.floats(-20, 60))
WEIGHT = st.floats(-20, 20)
WEIGHTS = st.builds(Weights, st.floats(1e-3, 100), *[WEIGHT] * 6)


@given(ANGLES, st.lists(ANGLES, min_size=1, max_size=5))
def test_the_score_is_the_mean_cosine(angle: float, others: list[float]) -> None:
    """Over all voiceprints, within [-1, 1]."""
    found = score(voice(angle), [voiceprint(other) for other in others])
    assert found == pytest.approx(np.mean([math.cos(angle - o) for o in others]), abs=1e-5)
    assert -1 <= found <= 1


def test_the_evidence_counts_the_speech_on_both_sides() -> None:
    """The test's net speech, the voiceprints' mean, and their number."""
    found = evidence(voice(0), quality(1.5), [voiceprint(0, 2), voiceprint(0, 3)])
    assert (found.test_s, found.enrolled_s, found.voiceprints) == (1.5, 2.5, 2)


def test_nothing_is_compared_with_no_voiceprint() -> None:
    """A person without voiceprints is not enrolled; no number stands for that."""
    with pytest.raises(NoVoiceprintError, match="enroll"):
        compare(voice(0), quality(), [], calibrated())


@pytest.mark.parametrize(
    ("model", "enrolled"), [("other", (MODEL,)), (MODEL, (MODEL, "other")), ("other", ("other",))]
)
def test_voices_of_two_models_are_never_compared(model: str, enrolled: tuple[str, ...]) -> None:
    """Whether the utterance, a voiceprint or the calibration is another model's."""
    voiceprints = [voiceprint(0, model=each) for each in enrolled]
    with pytest.raises(ModelMismatchError):
        compare(voice(0, model), quality(), voiceprints, calibrated())


@given(WEIGHTS, SCORES, SCORES, SECONDS, SECONDS, st.integers(0, 100), SNRS)
def test_more_alike_is_never_less_likely(
    weights: Weights,
    one: float,
    other: float,
    test_s: float,
    enrolled_s: float,
    count: int,
    snr_db: tuple[float, float],
) -> None:
    """With any weights a card may hold, the Llr rises with the score, all else equal."""
    less, more = (
        calibrated(weights).llr(Evidence(Score(s), test_s, enrolled_s, count, *snr_db))
        for s in sorted((one, other))
    )
    assert less <= more


@given(WEIGHTS, SCORES, SECONDS, SECONDS, st.integers(0, 100), SNRS)
def test_a_likelihood_ratio_stays_within_its_limit(
    weights: Weights,
    alike: float,
    test_s: float,
    enrolled_s: float,
    count: int,
    snr_db: tuple[float, float],
) -> None:
    """Finite evidence, no speech at all included, gives a finite Llr within the limit."""
    llr = calibrated(weights).llr(Evidence(Score(alike), test_s, enrolled_s, count, *snr_db))
    assert -6 <= llr <= 6


@pytest.mark.parametrize("place", range(5))
def test_nan_is_never_hidden(place: int) -> None:
    """NaN in the evidence comes out as NaN, not as a limit."""
    numbers = [0.9, 2.0, 2.0, 30.0, 30.0]
    numbers[place] = math.nan
    alike, test_s, enrolled_s, *snr_db = numbers
    found = Evidence(Score(alike), test_s, enrolled_s, 3, *snr_db)
    assert math.isnan(calibrated().llr(found))


def test_the_weights_multiply_what_they_are_named_after() -> None:
    """Llr = score, logarithms of the seconds and of the number of voiceprints, bias, SNR."""
    weights = Weights(10.0, 0.5, 0.25, 0.5, -4.0, 0.1, 0.2)
    llr = calibrated(weights).llr(Evidence(Score(0.5), math.e, math.e**2, 3, 20.0, 30.0))
    assert llr == pytest.approx(
        10 * 0.5 + 0.5 * 1 + 0.25 * 2 + 0.5 * math.log(3) - 4 + 0.1 * 2 + 0.2 * 3
    )


def test_a_model_without_calibration_cannot_compare() -> None:
    """The message says how to calibrate it."""
    card = replace(read_card(card_in(MODELS)), calibration=None)
    with pytest.raises(ModelError, match=r"not calibrated.*engine\.decision\.calibrate"):
        Calibration.of(card)
