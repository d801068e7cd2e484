"""From two voices to a likelihood ratio: scoring, calibration, and the two use cases."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.decision.calibration import Calibration, Evidence, evidence
from engine.decision.operating_point import at_fmr
from engine.decision.scoring import score
from engine.errors import ModelError, ModelMismatchError, NoVoiceprintError
from engine.identification import Gallery, identify
from engine.types import Embedding, PhraseId, Score, Voiceprint
from engine.verification import compare
from engine.voice.card import Weights, card_in, read_card
from tests.unit.engine.decision.conftest import (
    MODEL,
    calibrated,
    in_parts,
    quality,
    voice,
    voiceprint,
)
from tests.unit.engine.voice.models import MODELS

ANGLES = st.floats(0, 2 * math.pi)
SCORES = st.floats(-1, 1)
SECONDS = st.floats(0, 1e6)
SNRS = st.tuples(st.floats(-20, 60), st.floats(-20, 60))
WEIGHT = st.floats(-20, 20)
WEIGHTS = st.builds(Weights, st.floats(1e-3, 100), *[WEIGHT] * 7)


@given(ANGLES, st.lists(ANGLES, min_size=1, max_size=5))
def test_the_score_is_the_mean_cosine(angle: float, others: list[float]) -> None:
    """Over all voiceprints, within [-1, 1]."""
    found = score(voice(angle), [voiceprint(other) for other in others])
    assert found == pytest.approx(np.mean([math.cos(angle - o) for o in others]), abs=1e-5)
    assert -1 <= found <= 1


@pytest.mark.parametrize("way", ["as a whole", "part by part"])
def test_noise_is_no_credential(way: str) -> None:
    """Two bad lines instead of two good ones make the same score worth 1.5 nats more at most: who
    wants to pass for another can always make noise."""
    whole = Calibration.of(read_card(card_in(MODELS)))
    found = whole if way == "as a whole" else whole.by_parts
    assert found is not None
    good, bad = (Evidence(Score(0.4), 2.0, 2.0, 3, snr, snr) for snr in (40.0, 6.0))
    assert abs(found.llr(bad) - found.llr(good)) < 1.5


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
    alike, test_s, enrolled_s, test_snr_db, enrolled_snr_db = numbers
    found = Evidence(Score(alike), test_s, enrolled_s, 3, test_snr_db, enrolled_snr_db)
    assert math.isnan(calibrated().llr(found))


def test_the_weights_multiply_what_they_are_named_after() -> None:
    """Llr = score, logarithms of the seconds and of the number of voiceprints, bias, SNR, words."""
    weights = Weights(10.0, 0.5, 0.25, 0.5, -4.0, 0.1, 0.2, -1.5)
    found = Evidence(Score(0.5), math.e, math.e**2, 3, 20.0, 30.0)
    others = 10 * 0.5 + 0.5 * 1 + 0.25 * 2 + 0.5 * math.log(3) - 4 + 0.1 * 2 + 0.2 * 3
    assert calibrated(weights).llr(found) == pytest.approx(others)
    assert calibrated(weights).llr(replace(found, same_words=True)) == pytest.approx(others - 1.5)


@pytest.mark.parametrize(
    ("said", "enrolled", "same"),
    [
        ("apple", ("apple", "apple", None), True),
        ("apple", ("apple", "pear"), False),
        (None, (None, None), False),
        ("apple", (None, None), False),
    ],
)
def test_words_are_the_same_where_most_voiceprints_say_the_passphrase(
    said: str | None, enrolled: tuple[str | None, ...], same: bool
) -> None:
    """Speech that is no passphrase is never the same, be it on both sides."""

    def saying(phrase: str | None) -> Voiceprint:
        known = PhraseId(phrase) if phrase else None
        return Voiceprint(replace(voice(0), phrase=known), quality())

    one = saying(said)
    found = evidence(one.embedding, one.quality, [saying(each) for each in enrolled])
    assert found.same_words is same
    off = calibrated(Weights(10.0, 0.0, 0.0, 0.0, -8.0, same_words=-1.5))
    llr = off.weigh(one.embedding, one.quality, [saying(each) for each in enrolled])
    assert llr == pytest.approx(0.5 if same else 2.0)


def test_a_model_without_calibration_cannot_compare() -> None:
    """The message says how to calibrate it."""
    card = replace(read_card(card_in(MODELS)), calibration=None)
    with pytest.raises(ModelError, match=r"not calibrated.*engine\.decision\.calibrate"):
        Calibration.of(card)


BY_PARTS = replace(calibrated(), by_parts=calibrated(Weights(20.0, 0.0, 0.0, 0.0, -16.0)))


@given(st.lists(st.tuples(ANGLES, ANGLES), min_size=1, max_size=5))
def test_each_part_is_compared_with_itself(angles: list[tuple[float, float]]) -> None:
    """The mean of their cosines, whatever the whole sounds like."""
    one, other = (in_parts(k, *each) for k, each in enumerate(zip(*angles, strict=True)))
    found = one.embedding.cosine_by_parts(other.embedding)
    assert found is not None
    assert found == pytest.approx(np.mean([math.cos(a - b) for a, b in angles]), abs=1e-5)
    assert -1 <= found <= 1


def test_a_passphrase_is_weighed_by_its_parts() -> None:
    """By a calibration of their own, the mean over the voiceprints."""
    enrolled = [in_parts(0.3, 0.0, 1.0), in_parts(0.4, 0.2, 1.2)]
    found = compare(in_parts(2.0, 0.0, 1.0).embedding, quality(), enrolled, BY_PARTS)
    mean = (1 + math.cos(0.2)) / 2
    assert found == pytest.approx(20 * mean - 16, abs=1e-4)


def test_a_recording_without_parts_does_not_count_beside_others() -> None:
    """Nor one of another phrase: one unclear recording of an enrollment turns nothing off."""
    said, clear = in_parts(2.0, 0.0, 1.0).embedding, [in_parts(0.3, 0.2, 1.2), in_parts(0, 0, 1)]
    expected = compare(said, quality(), clear, BY_PARTS)
    for other in (voiceprint(2.0, net_speech_s=9.0), in_parts(2.0, 0, 1, 2)):
        assert compare(said, quality(), [clear[0], other, clear[1]], BY_PARTS) == expected


@pytest.mark.parametrize(
    ("said", "enrolled"),
    [
        (voice(0.1), [in_parts(0, 1, 2)]),
        (in_parts(0.1, 1, 2).embedding, [voiceprint(0), voiceprint(0)]),
        (in_parts(0.1, 1, 2).embedding, [in_parts(0, 1, 2, 3)]),
        (in_parts(0.1, 1, 2).embedding, [in_parts(0, 1, 2), voiceprint(0)]),
    ],
    ids=["not recognised", "enrolled before", "other words", "half of them"],
)
def test_where_few_have_parts_the_whole_is_weighed(
    said: Embedding, enrolled: list[Voiceprint]
) -> None:
    """By the calibration of the whole."""
    expected = compare(said, quality(), enrolled, calibrated())
    assert compare(said, quality(), enrolled, BY_PARTS) == expected


def test_a_calibration_without_parts_weighs_the_whole() -> None:
    """A model of other people, or a card of before."""
    said, enrolled = in_parts(0.1, 1).embedding, [in_parts(0, 1)]
    whole = compare(voice(0.1), quality(), [voiceprint(0)], calibrated())
    assert compare(said, quality(), enrolled, calibrated()) == whole


def test_parts_of_two_models_are_never_compared() -> None:
    """As voices are not."""
    enrolled = [in_parts(0, 1), in_parts(0, 1, model="other")]
    for said in (in_parts(0, 1), in_parts(0, 1, model="other")):
        with pytest.raises(ModelMismatchError):
            compare(said.embedding, quality(), enrolled, BY_PARTS)


def test_parts_mean_nothing_in_a_search() -> None:
    """Others may have said another phrase."""
    point = at_fmr(0.05, BY_PARTS)
    group = Gallery({"she": [in_parts(0.1, 2, 3)]}, MODEL)
    (found,) = identify(in_parts(0, 1, 1).embedding, quality(), group, BY_PARTS, point).ranked
    assert found.llr == BY_PARTS.weigh(voice(0), quality(), [voiceprint(0.1)])
