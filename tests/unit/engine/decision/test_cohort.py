"""Normalising scores against a cohort, and the background that a cohort is made of."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.decision.background import FEWEST_PEOPLE, Background, centroids_of
from engine.decision.calibration import Calibration
from engine.decision.cohort import Cohort
from engine.decision.scoring import normalised
from engine.errors import ModelError, ModelMismatchError, NoVoiceprintError
from engine.voice.card import card_in, read_card
from tests.unit.engine.decision.conftest import MODEL, calibrated, quality, voice, voiceprint
from tests.unit.engine.voice.models import MODELS

COHORT = Cohort(np.stack([voice(angle).vector for angle in np.linspace(0.3, 6, 20)]), 5)


@given(st.floats(-1, 1), st.floats(-1, 1), st.lists(st.floats(-1, 1), min_size=8, max_size=8))
def test_more_alike_is_never_less_after_normalising(
    one: float, other: float, cohort: list[float]
) -> None:
    """The same two voices against the same cohort: the order of scores stays."""
    against = np.array(cohort).reshape(2, 4)
    less, more = (
        normalised(np.full((2, 2), score), against, 3)[0, 1] for score in sorted((one, other))
    )
    assert less <= more


def test_a_likeness_that_is_found_anywhere_counts_less() -> None:
    """Two voices that resemble the whole cohort score lower than two that resemble only another."""
    scores = np.full((2, 2), 0.6)
    common = normalised(scores, np.array([[0.5, 0.4, 0.3]] * 2), 3)[0, 1]
    rare = normalised(scores, np.array([[0.2, 0.1, 0.0]] * 2), 3)[0, 1]
    assert common < rare


def test_a_cohort_scores_two_voices_like_the_table_does() -> None:
    """With one voiceprint the score is the table's entry, with two the mean of both."""
    voices = [voice(0.0), voice(0.4), voice(0.7)]
    vectors = np.stack([each.vector for each in voices]).astype(np.float64)
    table = normalised(vectors @ vectors.T, vectors @ COHORT.members.T, COHORT.top)
    found = COHORT.score(voices[0], [voiceprint(0.4), voiceprint(0.7)])
    assert found == pytest.approx((table[0, 1] + table[0, 2]) / 2, abs=1e-4)


def test_a_cohort_refuses_what_scoring_refuses() -> None:
    """No voiceprint, or another model's."""
    with pytest.raises(NoVoiceprintError):
        COHORT.score(voice(0), [])
    with pytest.raises(ModelMismatchError):
        COHORT.score(voice(0), [voiceprint(0, model="other")])


def test_nan_stays_nan_through_a_cohort() -> None:
    """A voice that is no number weighs nothing, neither for nor against."""
    broken = replace(voice(0), vector=np.full(2, np.nan, np.float32))
    calibration = Calibration(MODEL, calibrated().card, COHORT)
    assert math.isnan(calibration.weigh(broken, quality(), [voiceprint(0)]))


def test_a_calibration_weighs_the_normalised_score() -> None:
    """The cohort named on the card is loaded from beside it and takes part."""
    alone = calibrated(limit=1000.0)
    against = Calibration(MODEL, alone.card, COHORT)
    given = (voice(0), quality(), [voiceprint(0.2)])
    difference = against.weigh(*given) - alone.weigh(*given)
    score = COHORT.score(voice(0), [voiceprint(0.2)])
    assert difference == pytest.approx(10 * (score - math.cos(0.2)), abs=1e-3)


def test_a_saved_cohort_is_loaded_and_a_changed_one_refused(tmp_path: Path) -> None:
    """The card tells the file by its hash."""
    named = COHORT.save(tmp_path / "it-cohort.npy")
    loaded = Cohort.load(named, tmp_path)
    assert loaded.top == COHORT.top
    assert np.allclose(loaded.members, COHORT.members, atol=1e-3)
    (tmp_path / named.file).write_bytes(b"something else")
    with pytest.raises(ModelError, match="not the one on its card"):
        Cohort.load(named, tmp_path)


def test_a_cohort_of_another_size_is_refused(tmp_path: Path) -> None:
    """Its members must be as long as the model's embeddings."""
    card = read_card(card_in(MODELS))
    assert card.calibration is not None
    named = replace(card.calibration, cohort=COHORT.save(tmp_path / "it-cohort.npy"))
    with pytest.raises(ModelError, match="shape"):
        Calibration.of(replace(card, calibration=named), tmp_path)


def background(
    people: int = 60,
) -> tuple[Background, np.ndarray[tuple[int, int], np.dtype[np.float32]]]:
    """Three calls each of some people, who differ most along the first axis."""
    random = np.random.default_rng(4)
    means = random.standard_normal((people, 8)) * np.array([3, 1, 1, 1, 1, 1, 1, 1])
    voices = np.repeat(means, 3, axis=0) + 0.3 * random.standard_normal((3 * people, 8))
    unit = (voices / np.linalg.norm(voices, axis=1, keepdims=True)).astype(np.float32)
    return Background.of(unit, np.repeat(np.arange(people), 3), 6), unit


def test_nobody_stands_for_a_member_of_the_cohort() -> None:
    """Each is the centroid of at least five people, so none is a person's voice."""
    made, voices = background()
    assert 1 <= len(made.cohort) <= 60 // FEWEST_PEOPLE
    assert np.allclose(np.linalg.norm(made.cohort, axis=1), 1, atol=1e-5)
    assert (made.cohort @ voices.T).max() < 0.9999
    with pytest.raises(ModelError, match="too few"):
        centroids_of(voices[:3], 1)


def test_a_background_is_kept_in_a_file(tmp_path: Path) -> None:
    """At half precision; another file is refused with what to do."""
    made, _ = background()
    made.save(tmp_path / "it.npz")
    loaded = Background.load(tmp_path / "it.npz")
    assert np.allclose(loaded.within, made.within, atol=1e-3)
    assert np.trace(made.between) > np.trace(made.within)
    (tmp_path / "it.npz").write_bytes(b"no archive")
    with pytest.raises(ModelError, match=r"engine\.training\.background"):
        Background.load(tmp_path / "it.npz")
