"""Whether likelihood ratios can be believed: the report, and the figures by pairs of speakers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import beta

from engine.decision.fit import HeldOut, Trials, held_out
from engine.decision.measures import Judged, cllr, min_cllr, rates
from engine.decision.trials import TAKES, Condition, known, trials
from engine.evaluation.calibrating import SAID, report
from engine.evaluation.features import TRIED, everything, only
from engine.evaluation.pairs import measured
from engine.evaluation.plots import draw_calibration, reliability
from engine.types import Embedding, PhraseId, Samples, Voiceprint
from tests.unit.evaluation.calls import MODEL, calls

CALLS = calls(20, 2, TAKES)
ONE = (Condition(("words 12",), "words 34"),)
TRIALS = trials(CALLS, ONE, everything(known()))
FIRST = only(TRIALS, next(iter(TRIED.values())))


def test_the_figures_are_those_of_the_measures() -> None:
    """Summed by pairs of speakers or trial by trial: the same."""
    held = held_out(FIRST, 0.05)
    found = measured(FIRST, replace(held, thresholds=np.full(len(held.llrs), 1.0)), 5)
    judged = FIRST.judged(held.llrs)
    fmr, fnmr = rates(judged, 1.0)
    assert found.cllr[0] == pytest.approx(cllr(judged))
    assert found.min_cllr[0] == pytest.approx(min_cllr(judged))
    assert (found.fmr[0], found.fnmr[0]) == (pytest.approx(fmr), pytest.approx(fnmr))
    assert found.cllr.shape == (6,)


def test_an_interval_contains_its_value() -> None:
    """Where the figure is a mean; the bootstrap of a minimum lies lower."""
    found = measured(FIRST, held_out(FIRST, 0.05), 50)
    figure = found.figure(found.cllr)
    assert figure.low < figure.value < figure.high


def test_no_false_match_is_as_sure_as_there_are_people() -> None:
    """Redrawing those who were told apart shows nobody who is not."""
    llrs = np.where(FIRST.same, 5.0, -5.0)
    found = measured(FIRST, HeldOut(llrs, np.zeros(len(llrs))), 20)
    for rate in (found.fmr_figure, found.fnmr_figure):
        assert (rate.value, rate.low) == (0.0, 0.0)
        assert rate.high == pytest.approx(beta.ppf(0.975, 1, 20))


def test_thresholds_are_chosen_without_the_speakers_they_judge() -> None:
    """Changing one speaker's scores leaves the thresholds of that speaker's trials as they were."""
    touched = np.any(FIRST.speakers == 7, axis=1)
    changed = FIRST.terms.copy()
    changed[touched, 0] -= 0.2
    before = held_out(FIRST, 0.05)
    after = held_out(Trials(changed, FIRST.speakers), 0.05)
    assert np.array_equal(before.thresholds[touched], after.thresholds[touched])


def test_left_out_features_are_worth_nothing() -> None:
    """A column that is not kept cannot change an Llr."""
    choice = TRIED["score alone"]
    spoilt = TRIALS.terms.copy()
    spoilt[:, 1] += 100.0
    one, other = (
        held_out(only(each, choice), 0.05).llrs
        for each in (TRIALS, Trials(spoilt, TRIALS.speakers))
    )
    assert np.allclose(one, other)


def test_few_speakers_hardly_move_a_calibration() -> None:
    """Drawn towards weights that are far off, ten speakers move less than all do."""
    towards = np.array([2.0, 0, 0, 0, 3.0, 0, 0, 0, 0, 0])
    few = FIRST.where(np.all(FIRST.speakers < 10, axis=1))
    pulls = [np.abs(held_out(each, 0.05, towards=towards).llrs).mean() for each in (few, FIRST)]
    free = np.abs(held_out(FIRST, 0.05).llrs).mean()
    assert pulls[0] < pulls[1] < free


def test_the_report_says_what_was_met() -> None:
    """A table with each choice of features, figures for programs under their names."""
    made = report(calls(12, 2, TAKES, noise=1.5), "it", None, replicates=3)
    assert made.text.startswith("it: calibration on 12 speakers")
    assert "Cllr / minCllr" in made.text
    lines = {"both lines good", "one line noisy", "both lines noisy"}
    assert [each["knows"] for each in made.figures[: len(TRIED)]] == list(TRIED)
    apart = [each["knows"] for each in made.figures[len(TRIED) :]]
    assert set(apart[: -len(SAID)]) <= lines
    assert apart[-len(SAID) :] == list(SAID)
    assert 0 < made.figures[0]["cllr"]["value"] < 1


def test_phrases_are_compared_both_ways() -> None:
    """What has four noisy parts is known better by them than by one noisy whole."""
    made = report(calls(12, 2, TAKES, noise=1.5, parts=4), "it", None, replicates=3)
    names = [each["knows"] for each in made.figures]
    whole, by_parts, *lines = made.figures[names.index("as a whole") :]
    assert (whole["knows"], by_parts["knows"]) == ("as a whole", "part by part")
    assert by_parts["cllr_gain"]["value"] < 0
    assert lines
    assert all(each["knows"].startswith("part by part, ") for each in lines)
    shown = [line.split("  ")[0] for line in made.text.splitlines()]
    assert shown[shown.index("said again") :][:3] == ["said again", "as a whole", "part by part"]


def test_lines_are_told_apart_by_the_worse_of_what_was_heard() -> None:
    """Good ones alone make no table."""
    good = [
        replace(call, takes={name: on_a_good_line(take) for name, take in call.takes.items()})
        for call in calls(12, 2, TAKES)
    ]
    made = report(good, "it", None, replicates=3)
    assert [each["knows"] for each in made.figures] == [*TRIED, *SAID]


def test_one_calibration_for_all_is_measured_on_each_kind_of_speech() -> None:
    """Strangers are likest when they say the same words: unless the calibration knows that they do,
    these pass more often than asked."""
    here = calls(16, 2, TAKES, noise=0.9)
    voice = here[0].takes["words 12345"].embedding.vector
    names = [name for name in TAKES if name.startswith("words")]
    made = {}
    for told in (False, True):
        takes = [saying_the_same(call.takes, names, voice, told) for call in here]
        saying = [replace(call, takes=each) for call, each in zip(here, takes, strict=True)]
        made[told] = report(saying, "it", None, replicates=3)
    rates = {
        told: {each["knows"]: each["fmr"]["value"] for each in found.figures}
        for told, found in made.items()
    }
    same, _, other, sentences = SAID
    assert max(rates[False][other], rates[False][sentences]) < rates[False][same]
    assert rates[True][same] < rates[False][same]
    assert f"{100 * rates[True][same]:.3f}" in made[True].text


def saying_the_same(
    takes: Mapping[str, Voiceprint], names: Iterable[str], words: Samples, known: bool
) -> dict[str, Voiceprint]:
    """The same words sound a little alike whoever says them."""
    said = dict(takes)
    for place, name in enumerate(names):
        vector = takes[name].embedding.vector + 0.7 * np.roll(words, place)
        unit = (vector / np.linalg.norm(vector)).astype(np.float32)
        embedding = Embedding(unit, MODEL, phrase=PhraseId(name) if known else None)
        said[name] = replace(takes[name], embedding=embedding)
    return said


def on_a_good_line(take: Voiceprint) -> Voiceprint:
    return replace(take, quality=replace(take.quality, snr_db=35.0))


def test_llrs_that_can_be_believed_lie_on_the_diagonal() -> None:
    """What is said to be true in seven of ten cases is true in about seven."""
    random = np.random.default_rng(5)
    same = random.random(50_000) < 0.5
    llrs = np.where(same, 1.0, -1.0) * 2 + 2 * random.standard_normal(50_000)
    said, true = reliability(Judged(llrs, same, np.ones(50_000)))
    assert np.abs(said - true).max() < 0.03


def test_the_pictures_are_drawn(tmp_path: Path) -> None:
    """A reliability diagram and a DET curve."""
    held: HeldOut = held_out(FIRST, 0.05)
    drawn = draw_calibration("it", FIRST.judged(held.llrs), tmp_path)
    assert [path.name for path in drawn] == ["it-calibration-det.png", "it-reliability.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in drawn)
