"""Figures with intervals, whole and in parts."""

import numpy as np
import pytest
from scipy.stats import beta

from engine.evaluation.assessment import MEASURES, Assessment, Scored, assess
from engine.evaluation.report import Result, as_json, table
from engine.evaluation.trials import Trial


def scored(speakers: int, calibrated: bool = False) -> Scored:
    """Every speaker against every other and itself; the last speaker is confused with the first."""
    trials, scores = [], []
    for a in range(speakers):
        for b in range(speakers):
            phone = {"phone": "landline" if b % 2 else "cell", "sex": ""}
            trials.append(Trial(((f"{a}",),), (f"{b}x",), a == b, f"s{a}", f"s{b}", phone))
            confused = {a, b} == {0, speakers - 1}
            scores.append(0.9 - 0.01 * a if a == b else (0.95 if confused else 0.1 + 0.001 * b))
    values = np.array(scores)
    return Scored(trials, values, 20 * (values - 0.5) if calibrated else None)


def part(parts: list[Assessment], name: str) -> Assessment:
    return next(each for each in parts if each.part == name)


def test_the_interval_holds_the_value_and_shrinks_with_more_speakers() -> None:
    """A bootstrap over speakers: few speakers say little."""
    few, many = (part(assess(scored(n), 200), "all").figures["eer"] for n in (6, 24))
    for figure in (few, many):
        assert figure.low <= figure.value <= figure.high
    assert many.high - many.low < few.high - few.low


def test_a_rate_of_none_or_all_is_as_sure_as_there_are_people() -> None:
    """Eight people who were always told apart tell little of a ninth, however they are drawn."""
    all_apart = scored(9).where(np.array([{a, b} != {0, 8} for a in range(9) for b in range(9)]))
    figures = part(assess(all_apart, 50), "all").figures
    for name in ("eer", "fnmr_at_fmr_1", "fnmr_at_fmr_01"):
        assert (figures[name].value, figures[name].low) == (0.0, 0.0)
        assert figures[name].high == pytest.approx(beta.ppf(0.975, 1, 9))
    never = Scored(all_apart.trials, -all_apart.scores)
    missed = part(assess(never, 50), "all").figures["fnmr_at_fmr_1"]
    assert missed.value == 1.0
    assert missed.low == pytest.approx(1 - beta.ppf(0.975, 1, 9))


def test_parts_are_made_of_each_value_of_each_trait() -> None:
    """By phone; a trait that is left empty makes no part."""
    parts = assess(scored(6), 20)
    assert [each.part for each in parts] == ["all", "phone=cell", "phone=landline"]
    assert part(parts, "all").targets == 6
    assert part(parts, "all").non_targets == 30
    assert part(parts, "phone=cell").targets == 3


def test_the_same_trials_give_the_same_interval() -> None:
    """The bootstrap is seeded."""
    assert str(assess(scored(6), 50)) == str(assess(scored(6), 50))


def test_cllr_is_measured_only_of_calibrated_scores() -> None:
    """NaN without likelihood ratios; never below minCllr with them."""
    without = part(assess(scored(6), 20), "all").figures
    with_them = part(assess(scored(6, calibrated=True), 20), "all").figures
    assert np.isnan(without["cllr"].value)
    assert with_them["cllr"].value >= with_them["min_cllr"].value


def test_a_single_speaker_pair_has_no_interval() -> None:
    """With both kinds of trial from one label there is nothing to draw from."""
    trials = [Trial((("a",),), ("b",), kind, "s", "s") for kind in (True, False)]
    figure = assess(Scored(trials, np.array([0.9, 0.1])), 20)[0].figures["eer"]
    assert figure.value == 0.0
    assert np.isnan(figure.low)


def test_the_report_says_what_was_measured() -> None:
    """A line per part in the table, an entry in the JSON, null where there is no figure."""
    result = Result("model-x", "words", assess(scored(6), 20))
    text, entries = table([result]), as_json([result])
    assert len(text.splitlines()) == 1 + len(result.parts)
    assert "model-x" in text.splitlines()[1]
    assert set(MEASURES) <= set(entries[0])
    assert entries[0]["cllr"]["value"] is None
    assert entries[0]["eer"]["value"] == pytest.approx(result.parts[0].figures["eer"].value)
