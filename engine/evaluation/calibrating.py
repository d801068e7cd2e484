"""`countersign evaluate --calibration`: can the likelihood ratios be believed?

The telephone split is heard as the application would hear it and compared in the conditions of
`engine.decision.trials`. Every Llr comes from a fit that knew neither speaker, and so does the
threshold at which the false match rate is measured. Each pair of speakers counts alike.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from engine.decision.background import Background
from engine.decision.cohort import TOP, Cohort
from engine.decision.fit import FOLDS, HeldOut, Trials, held_out
from engine.decision.measures import Flags, Floats
from engine.decision.recordings import calls_of
from engine.decision.trials import (
    CONDITIONS,
    SAID_AGAIN,
    WORDS,
    CallTakes,
    Condition,
    Terms,
    known,
    known_by_parts,
    recognised,
    trials,
)
from engine.evaluation.assessment import Figure
from engine.evaluation.features import TRIED, everything, only
from engine.evaluation.models import card_meant
from engine.evaluation.pairs import Measured, measured
from engine.evaluation.plots import draw_calibration
from engine.evaluation.recordings import CorpusError
from engine.evaluation.reports import Report, corpus_of
from engine.voice.embedder import Embedder

FMR = 0.01
GOAL_RATIO = 1.15
GOAL_FMR = (0.005, 0.02)
"""What the figures are held against."""
GOOD_LINE_DB = 27.0
"""SNR that every line of the corpus has as it is; those to which noise was added have less."""
_FEWEST = 10
"""Speakers who are compared with themselves; the figures of fewer say nothing."""
_SNRS = (5, 6)
"""Columns of `engine.decision.calibration.terms`, in tens of dB."""


SAID = ("the same five words", "the same two or three", "words in another order", "sentences")
"""What is said in the conditions of `engine.decision.trials`; one calibration is for all of them. A
word here is a prompt of the corpus, "think engine" one of them."""


@dataclass(frozen=True, slots=True)
class Calibrated:
    """The figures of one choice of what a calibration knows."""

    knows: str
    cllr: Figure
    min_cllr: Figure
    ratio: Figure
    """Cllr over minCllr."""
    fmr: Figure
    """Realised at the thresholds chosen for a false match rate of 1 %."""
    fnmr: Figure
    cllr_gain: Figure
    """Cllr minus that of the first choice, paired by speaker: below 0 is better."""


def run(arguments: argparse.Namespace) -> Report:
    """Hear the corpus, fit, cross-validate and measure; `CorpusError` where it cannot be read."""
    corpus, embedder = corpus_of(arguments), Embedder.load(card_meant(arguments.model))
    try:
        calls = calls_of(corpus, embedder, by_parts=True, noisier=True)
    except (OSError, KeyError, ValueError) as error:
        raise CorpusError(f"the telephone split of {corpus} cannot be heard: {error}") from error
    cohort = None
    if arguments.background is not None:
        cohort = Cohort(Background.load(arguments.background).cohort, TOP)
    return report(calls, embedder.card.id, cohort, arguments.replicates)


def report(calls: list[CallTakes], model: str, cohort: Cohort | None, replicates: int) -> Report:
    """Cross-validate every choice of features on calls of at least ten speakers.

    And, where phrases were recognised in them, both ways to compare these.
    """
    raw, said = _by_what_is_said(calls, everything(known()))
    choices = {name: only(raw, columns) for name, columns in TRIED.items()}
    if cohort is not None:
        columns = next(iter(TRIED.values()))
        normalised = trials(calls, terms_of=everything(known(cohort)))
        choices[f"the same of scores normalised against {len(cohort.members)}"] = only(
            normalised, columns
        )
    found = {name: held_out(each, FMR) for name, each in choices.items()}
    figures = _figures(raw, found, replicates)
    first = next(iter(found.values()))
    lines = _by_line(raw, first, "", replicates)
    kinds = _apart(raw, first, {name: said == name for name in SAID}, replicates)
    ways = _of_phrases(recognised(calls), replicates)
    tables = [*_table("line", lines), *_table("said", kinds), *_table("said again", ways)]
    return Report(
        "\n".join([_text(figures, model, raw), *tables]),
        [asdict(each) for each in (*figures, *lines, *kinds, *ways)],
        partial(draw_calibration, model, raw.judged(first.llrs)),
    )


def _by_line(of: Trials, held: HeldOut, how: str, replicates: int) -> list[Calibrated]:
    """Measure apart what was said over good lines and over noisy ones, where there are such."""
    noisy = (10 * of.terms[:, _SNRS] < GOOD_LINE_DB).sum(axis=1)
    names = ("both lines good", "one line noisy", "both lines noisy")
    kinds = {how + name: noisy == count for count, name in enumerate(names)}
    return _apart(of, held, kinds, replicates) if noisy.any() else []


def _by_what_is_said(
    calls: Sequence[CallTakes], terms_of: Terms
) -> tuple[Trials, NDArray[np.str_]]:
    """Return the trials of all conditions, and which of `SAID` each is, `[n]`."""
    apart = [(each, trials(calls, (each,), terms_of)) for each in CONDITIONS]
    met = [(_said(each), some) for each, some in apart if some.terms.size]
    said = np.repeat([name for name, _ in met], [len(some.terms) for _, some in met])
    terms, speakers = zip(*((some.terms, some.speakers) for _, some in met), strict=True)
    return Trials(np.concatenate(terms), np.concatenate(speakers)), said


def _said(condition: Condition) -> str:
    five, fewer, reordered, sentences = SAID
    if condition in SAID_AGAIN:
        return five if condition is WORDS else fewer
    return reordered if condition.tested.startswith("words") else sentences


def _apart(
    of: Trials, held: HeldOut, kinds: Mapping[str, Flags], replicates: int
) -> list[Calibrated]:
    """Measure each kind of trial by itself, where enough speakers made some."""
    apart: list[Calibrated] = []
    for name, chosen in kinds.items():
        if len(np.unique(of.speakers[chosen & of.same])) < _FEWEST:
            continue
        some = HeldOut(held.llrs[chosen], held.thresholds[chosen])
        found = measured(of.where(chosen), some, replicates)
        apart.append(_calibrated(name, found, found))
    return apart


def _of_phrases(calls: list[CallTakes], replicates: int) -> list[Calibrated]:
    """Compare phrases with themselves, as a whole and part by part, where there are any."""
    if not any(call.takes for call in calls):
        return []
    whole, by_parts = (trials(calls, SAID_AGAIN, each) for each in (known(), known_by_parts))
    found = {"as a whole": held_out(whole, FMR), "part by part": held_out(by_parts, FMR)}
    lines = _by_line(by_parts, found["part by part"], "part by part, ", replicates)
    return [*_figures(whole, found, replicates), *lines]


def _figures(of: Trials, found: Mapping[str, HeldOut], replicates: int) -> list[Calibrated]:
    measures = {name: measured(of, each, replicates) for name, each in found.items()}
    first = next(iter(measures.values()))
    return [_calibrated(name, each, first) for name, each in measures.items()]


def _calibrated(name: str, each: Measured, first: Measured) -> Calibrated:
    gain: Callable[[Floats, Floats], Floats] = np.subtract
    return Calibrated(
        name,
        cllr=each.figure(each.cllr),
        min_cllr=each.figure(each.min_cllr),
        ratio=each.figure(each.cllr / each.min_cllr),
        fmr=each.fmr_figure,
        fnmr=each.fnmr_figure,
        cllr_gain=each.figure(gain(each.cllr, first.cllr)),
    )


def _text(figures: list[Calibrated], model: str, of: Trials) -> str:
    first = figures[0]
    speakers = len(np.unique(of.speakers))
    lines = [
        f"{model}: calibration on {speakers} speakers, {int(of.same.sum())} trials of one and "
        f"{int((~of.same).sum())} of two, {FOLDS} folds by speaker, 95 % intervals by speaker",
        f"Cllr             {_shown(first.cllr)}",
        f"minCllr          {_shown(first.min_cllr)}",
        f"Cllr / minCllr   {_shown(first.ratio)}   goal: at most {GOAL_RATIO}: "
        f"{_met(first.ratio.value <= GOAL_RATIO)}",
        f"FMR at 1 %, in % {_shown(first.fmr, 100)}   goal: {100 * GOAL_FMR[0]} to "
        f"{100 * GOAL_FMR[1]}: {_met(GOAL_FMR[0] <= first.fmr.value <= GOAL_FMR[1])}",
        f"FNMR there, in % {_shown(first.fnmr, 100)}",
        "",
        f"{'what the calibration knows':48} {'Cllr':>22} {'difference':>25} {'FMR at 1 %':>22}",
    ]
    lines += [
        f"{each.knows:48} {_shown(each.cllr):>22} {_shown(each.cllr_gain, 1, '+.4f'):>25} "
        f"{_shown(each.fmr, 100):>22}"
        for each in figures
    ]
    return "\n".join(lines)


def _table(of: str, ways: Sequence[Calibrated]) -> list[str]:
    """One line for each way, where there are any."""
    lines = [
        f"{each.knows:30} {_shown(each.cllr):>22} {_shown(each.ratio):>22} "
        f"{_shown(each.cllr_gain, 1, '+.4f'):>25} {_shown(each.fmr, 100):>22} "
        f"{_shown(each.fnmr, 100):>22}"
        for each in ways
    ]
    if not lines:
        return lines
    names = ("Cllr", "Cllr / minCllr", "difference of Cllr", "FMR at 1 %, in %", "FNMR there")
    widths = (22, 22, 25, 22, 22)
    head = " ".join(f"{name:>{width}}" for name, width in zip(names, widths, strict=True))
    return ["", f"{of:30} {head}", *lines]


def _met(goal: bool) -> str:
    return "met" if goal else "MISSED"


def _shown(figure: Figure, scale: float = 1.0, form: str = ".3f") -> str:
    value, low, high = (
        format(scale * each, form) for each in (figure.value, figure.low, figure.high)
    )
    return f"{value} [{low} {high}]"
