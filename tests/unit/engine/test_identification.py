"""A voice is found in a group, or none of them is it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.decision.operating_point import Basis, OperatingPoint
from engine.errors import ModelMismatchError, NoVoiceprintError
from engine.identification import SHORTLIST, Gallery, identify, resembling
from engine.types import Llr, Voiceprint
from tests.unit.engine.decision.conftest import MODEL, calibrated, quality, voice, voiceprint

POINT = OperatingPoint(Llr(4.0), Basis.BOUND)
GROUP = {"ann": [voiceprint(0.0)], "bob": [voiceprint(1.0), voiceprint(1.1)], "cy": [voiceprint(2)]}


def gallery() -> Gallery[str]:
    """Three people."""
    return Gallery(GROUP, MODEL)


def test_the_likeliest_comes_first() -> None:
    """All are ranked, and the first is named where it reaches the threshold."""
    found = identify(voice(1.05), quality(), gallery(), calibrated(), POINT)
    assert [each.name for each in found.ranked] == ["bob", "cy", "ann"]
    assert found.found is not None
    assert found.found.name == "bob"
    assert len(found.hits) == 1


def test_none_of_them_is_an_answer() -> None:
    """A stranger is ranked and not named."""
    found = identify(voice(-2.0), quality(), gallery(), calibrated(), POINT)
    assert (len(found.ranked), found.found, found.hits) == (3, None, ())


@given(st.floats(-3.2, 3.2))
def test_ranks_and_llrs_are_those_of_one_comparison_each(angle: float) -> None:
    """The matrix is a shortcut, not another opinion."""
    found = identify(voice(angle), quality(), gallery(), calibrated(), POINT)
    llrs = [each.llr for each in found.ranked]
    assert llrs == sorted(llrs, reverse=True)
    for each in found.ranked:
        assert each.llr == calibrated().weigh(voice(angle), quality(), GROUP[each.name])


def test_earlier_utterances_count_as_much() -> None:
    """The mean ranks, so that one lucky utterance names nobody."""
    lucky = identify(voice(0.0), quality(), gallery(), calibrated(), POINT)
    assert lucky.found is not None
    found = identify(voice(0.0), quality(), gallery(), calibrated(), POINT, [voiceprint(2.0)])
    assert found.found is None
    llrs = {each.name: each.llr for each in found.ranked}
    for name, prints in GROUP.items():
        both = [calibrated().weigh(voice(angle), quality(), prints) for angle in (0.0, 2.0)]
        assert llrs[name] == pytest.approx(sum(both) / 2)


def test_of_thousands_whoever_is_near_any_utterance_is_weighed_by_all() -> None:
    """Two shortlists that have nobody in common still rank."""
    large = Gallery({k: [voiceprint(k / 1000)] for k in range(3000)}, MODEL)
    found = identify(voice(0.0), quality(), large, calibrated(), POINT, [voiceprint(2.9)])
    assert len(found.ranked) == 2 * SHORTLIST


def test_of_thousands_the_nearest_are_weighed() -> None:
    """A large group costs one matrix product and a shortlist."""
    angles = np.linspace(0.0, 3.0, 3000)
    large = Gallery({k: [voiceprint(float(angle))] for k, angle in enumerate(angles)}, MODEL)
    found = identify(voice(1.5), quality(), large, calibrated(), POINT)
    assert (len(large), len(found.ranked)) == (3000, SHORTLIST)
    assert abs(angles[found.ranked[0].name] - 1.5) < 1e-3


def test_evidence_that_is_no_number_names_nobody() -> None:
    """NaN ranks last and is no hit."""
    broken = replace(quality(), net_speech_s=math.nan)
    found = identify(voice(0.0), broken, gallery(), calibrated(), POINT)
    assert found.found is None


def test_a_person_who_resembles_another_is_noticed() -> None:
    """All recordings together must reach the threshold."""
    point = OperatingPoint(Llr(3.0), Basis.BOUND)
    hits = resembling([voiceprint(0.0), voiceprint(0.1)], gallery(), calibrated(), point)
    assert [each.name for each in hits] == ["ann"]
    mixed = [voiceprint(0.0), voiceprint(2.0)]
    assert not resembling(mixed, gallery(), calibrated(), point)


def test_nobody_cannot_be_searched() -> None:
    """A group needs people, and each of them a voiceprint."""
    groups: list[dict[str, list[Voiceprint]]] = [{}, {"ann": []}]
    for group in groups:
        with pytest.raises(NoVoiceprintError):
            Gallery(group, MODEL)
    with pytest.raises(NoVoiceprintError):
        resembling([], gallery(), calibrated(), POINT)


def test_two_models_are_not_compared() -> None:
    """Neither in the group nor in the utterance."""
    with pytest.raises(ModelMismatchError):
        Gallery({"ann": [voiceprint(0.0, model="another")]}, MODEL)
    with pytest.raises(ModelMismatchError):
        identify(voice(0.0, "another"), quality(), gallery(), calibrated(), POINT)
