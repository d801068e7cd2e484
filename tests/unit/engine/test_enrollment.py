"""Which recordings make an enrollment, and which are asked again."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.decision.calibration import Calibration
from engine.enrollment import (
    EnrollmentRules,
    Heard,
    Objection,
    Review,
    SpeechMinimums,
    of_one_voice,
    review,
)
from engine.errors import ModelMismatchError
from engine.types import PhraseOutcome, ReplayOutcome, Shortcoming, Voiceprint
from tests.unit.engine.decision.conftest import calibrated, voiceprint

OWN, OTHER = 0.0, 2.0
"""Angles of two voices that the calibration tells apart."""
GOOD = Heard(phrase=PhraseOutcome.RIGHT, replay=ReplayOutcome.FRESH)


@dataclass(frozen=True)
class Recording:
    """A recording with nothing but its voiceprint."""

    voiceprint: Voiceprint


def recording(angle: float, net_speech_s: float = 2.0) -> Recording:
    """A good recording of a voice."""
    return Recording(voiceprint(angle, net_speech_s))


@pytest.fixture
def calibration() -> Calibration:
    """Cosines near 1 are one voice, those below 0.4 are not."""
    return calibrated()


def taken(
    angles: list[float], calibration: Calibration, rules: EnrollmentRules | None = None
) -> Review[Recording]:
    """What comes of recordings of these voices, one after the other."""
    found: Review[Recording] | None = None
    for angle in angles:
        kept = found.kept if found else ()
        found = review(recording(angle), GOOD, kept, calibration, rules or EnrollmentRules())
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("angles", "places"),
    [
        ([], ()),
        ([OWN], (0,)),
        ([OWN, 0.1], (0, 1)),
        ([OWN, OTHER, 0.1], (0, 2)),
        ([OWN, OTHER], ()),
        ([OWN, OTHER, -OTHER], ()),
    ],
)
def test_of_several_recordings_those_of_one_voice_are_found(
    angles: list[float], places: tuple[int, ...], calibration: Calibration
) -> None:
    """None where no two are: which of them is the right one, nobody knows."""
    assert of_one_voice([voiceprint(each) for each in angles], calibration) == places


def test_three_that_agree_are_enough(calibration: Calibration) -> None:
    """Each is kept by itself."""
    found = taken([0.0, 0.1, 0.05], calibration)
    assert (found.complete, found.why, found.missing) == (True, None, 0)
    assert len(found.kept) == 3
    assert not taken([0.0, 0.1], calibration).complete


@pytest.mark.parametrize("order", [[OTHER, OWN, 0.1], [OWN, OTHER, 0.1], [OWN, 0.1, OTHER]])
def test_the_odd_one_is_dropped_wherever_it_came(
    order: list[float], calibration: Calibration
) -> None:
    """With three recordings it is known which one differs, also where it was the first."""
    found = taken(order, calibration)
    assert found.why is Objection.INCONSISTENT
    assert [each.voiceprint.embedding.vector[0] > 0.9 for each in found.kept] == [True, True]
    assert len(found.dropped) == 1
    assert (found.missing, found.complete) == (1, False)


def test_of_two_that_differ_neither_is_believed(calibration: Calibration) -> None:
    """Both stay until a third decides, and are no enrollment however few are asked for."""
    found = taken([OWN, OTHER], calibration, EnrollmentRules(recordings=1))
    assert (len(found.kept), found.why, found.complete) == (2, Objection.INCONSISTENT, False)


@pytest.mark.parametrize(
    ("heard", "why"),
    [
        (Heard(shortcoming=Shortcoming.TOO_NOISY), Objection.POOR),
        (Heard(replay=ReplayOutcome.REPEAT), Objection.DUPLICATE),
        (Heard(phrase=PhraseOutcome.WRONG), Objection.WRONG_PHRASE),
        (Heard(phrase=PhraseOutcome.UNSURE), Objection.WRONG_PHRASE),
    ],
)
def test_a_bad_recording_is_no_voice_sample(
    heard: Heard, why: Objection, calibration: Calibration
) -> None:
    """It changes nothing of what was kept, and the caller learns why."""
    kept = taken([0.0, 0.1], calibration).kept
    found = review(recording(0.05), heard, kept, calibration)
    assert (found.kept, found.why, found.complete) == (kept, why, False)
    assert found.shortcoming is heard.shortcoming


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (PhraseOutcome.WRONG, Objection.CUT_OFF),
        (PhraseOutcome.UNSURE, Objection.CUT_OFF),
        (PhraseOutcome.RIGHT, None),
        (PhraseOutcome.UNCHECKED, None),
    ],
)
def test_who_is_cut_off_is_told_so(
    words: PhraseOutcome, why: Objection | None, calibration: Calibration
) -> None:
    """Rather than that the words were others; what is right nevertheless is kept."""
    spoken = recording(0.05)
    whole = spoken.voiceprint
    cut = replace(spoken, voiceprint=replace(whole, quality=replace(whole.quality, cut_off=True)))
    assert review(cut, Heard(phrase=words), (), calibration).why is why


def test_there_is_a_most(calibration: Calibration) -> None:
    """What is full stays complete."""
    found = taken([0.0] * 4, calibration, EnrollmentRules(recordings=1, recordings_most=3))
    assert (found.why, len(found.kept), found.complete) == (Objection.FULL, 3, True)


def test_the_very_minimum_is_enough(calibration: Calibration) -> None:
    """Whole windows of 32 ms: as floating-point seconds their sum falls a little short of 20."""
    rules = SpeechMinimums().rules
    found = review(recording(0.0, 184 * 0.032), GOOD, (), calibration, rules)
    for windows in (159, 196, 86):
        found = review(recording(0.0, windows * 0.032), GOOD, found.kept, calibration, rules)
    assert (found.missing_s, found.complete) == (0.0, True)


def test_free_speech_is_kept_up_to_a_most(calibration: Calibration) -> None:
    """What would go beyond 300 s is left out, but where there is not enough without it."""
    rules = SpeechMinimums().rules
    long = review(recording(0.0, 290.0), GOOD, (), calibration, rules)
    more = review(recording(0.0, 250.0), GOOD, long.kept, calibration, rules)
    assert (more.kept, more.why, more.complete) == (long.kept, Objection.FULL, True)
    rest = review(recording(0.0, 10.0), GOOD, long.kept, calibration, rules)
    assert (len(rest.kept), rest.why, rest.complete) == (2, None, True)
    little = review(recording(0.0, 10.0), GOOD, (), calibration, rules)
    enough = review(recording(0.0, 295.0), GOOD, little.kept, calibration, rules)
    assert (len(enough.kept), enough.why, enough.complete) == (2, None, True)


def test_free_speech_counts_seconds(calibration: Calibration) -> None:
    """Twenty seconds over any number of recordings; an operator may ask for less."""
    first = review(recording(0.0, 12.0), GOOD, (), calibration, SpeechMinimums().rules)
    assert (first.complete, first.missing_s) == (False, 8.0)
    second = review(recording(0.0, 8.0), GOOD, first.kept, calibration, SpeechMinimums().rules)
    assert (second.complete, second.missing_s) == (True, 0.0)
    lifted = SpeechMinimums(enroll_s=0.0).rules
    assert review(recording(0.0, 1.0), GOOD, (), calibration, lifted).complete


@given(st.lists(st.floats(0, 3.1), min_size=1, max_size=6))
def test_a_complete_enrollment_agrees(angles: list[float]) -> None:
    """Whatever is said, nothing is lost but what was dropped, and no outlier is in a whole one."""
    found = taken(angles, calibrated())
    if found.complete:
        prints = [each.voiceprint for each in found.kept]
        for k, one in enumerate(prints):
            rest = prints[:k] + prints[k + 1 :]
            assert calibrated().weigh(one.embedding, one.quality, rest) >= 0


@pytest.mark.parametrize(
    "numbers", [(0, 3, 0.0, 1.0), (4, 3, 0.0, 1.0), (1, 3, 2.0, 1.0), (1, 3, -1.0, 1.0)]
)
def test_rules_that_nothing_satisfies_are_refused(numbers: tuple[int, int, float, float]) -> None:
    """A most is not below its least."""
    with pytest.raises(ValueError, match=r"recording|speech_s"):
        EnrollmentRules(*numbers)


def test_another_models_recording_raises(calibration: Calibration) -> None:
    """Two models' voices cannot be compared."""
    foreign = Recording(voiceprint(0.0, model="another"))
    with pytest.raises(ModelMismatchError):
        review(foreign, GOOD, (recording(0.0),), calibration)
