"""`countersign evaluate --identification`: how often a voice is found in a group, or wrongly.

TPIR and FPIR as in ISO/IEC 19795-1: the share of searches by a member of the group that name him
first and reach the threshold, and the share of searches by a stranger that name anyone. Three
takes of one call are enrolled, a take of another call is searched. Calibration and threshold come
from four fifths of the speakers, heard with noise as well, as what ships is fitted; whoever
searches is of the last fifth, each in turn; members of the group may be known to the fit. A target
is out of reach where so few speakers support no evidence as strong as it needs.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from engine.decision.calibrate import calibration
from engine.decision.calibration import Calibration
from engine.decision.fit import FOLDS
from engine.decision.operating_point import Basis, OperatingPoint
from engine.decision.purposes import TargetRates, point_for
from engine.decision.recordings import calls_of
from engine.decision.trials import CallTakes, trials
from engine.errors import ModelError
from engine.evaluation.bootstrap import share
from engine.evaluation.models import card_meant
from engine.evaluation.recordings import CorpusError
from engine.evaluation.reports import Report, corpus_of
from engine.identification import Gallery, identify
from engine.types import Llr, ModelId, Purpose, Voiceprint
from engine.voice.embedder import Embedder

ENROLLED: Final = ("words 12", "words 34", "words 51")
SEARCHED: Final = "words 123"
GROUPS: Final = (10, 42)
FPIRS: Final = (0.05, 0.1)
SEARCHES: Final = 5
"""By each call, each of another group drawn at random."""
_SEED: Final = 6
_OUT_OF_REACH: Final = OperatingPoint(Llr(math.inf), Basis.BOUND)


@dataclass(frozen=True, slots=True)
class Search:
    """One search, and how it ended."""

    group: int
    fpir: float
    """The target."""
    speaker: int
    member: bool
    first: bool
    """Whether the speaker came first, at any Llr; False for a stranger."""
    named: bool | None
    """Whether anyone was named; of a member, whether it was he. None where the calibration supports
    no evidence as strong as the target needs in such a group."""


def run(arguments: argparse.Namespace) -> Report:
    """Hear the corpus and search it; `CorpusError` where it cannot be read."""
    corpus, embedder = corpus_of(arguments), Embedder.load(card_meant(arguments.model))
    try:
        calls = calls_of(corpus, embedder, noisier=True)
    except (OSError, KeyError, ValueError) as error:
        raise CorpusError(f"the telephone split of {corpus} cannot be heard: {error}") from error
    return report(calls, embedder.card.model, arguments.replicates)


def report(calls: Sequence[CallTakes], model: ModelId, replicates: int) -> Report:
    """Search calls of several speakers; `CorpusError` where too few have two usable ones."""
    try:
        found = list(searches(calls, model))
    except ValueError as error:
        raise CorpusError(f"too few speakers with two usable calls each ({error})") from error
    figures = [_figures(found, n, fpir, replicates) for n in GROUPS for fpir in FPIRS]
    return Report(_table(figures), figures)


def searches(calls: Sequence[CallTakes], model: ModelId) -> Iterator[Search]:
    """Search groups of other speakers' calls, with the searching speaker among them and without."""
    random = np.random.default_rng(_SEED)
    everything = trials(calls)
    usable = [call for call in calls if call.takes.keys() >= {*ENROLLED, SEARCHED}]
    for fold in range(FOLDS):
        known = np.all(everything.speakers % FOLDS != fold, axis=1)
        card = calibration(everything.where(known), "four fifths of the speakers", 1)
        weighing = Calibration(model, card)
        for call in usable:
            if call.speaker % FOLDS == fold:
                yield from _by(call, usable, weighing, random)


def _by(
    call: CallTakes, usable: Sequence[CallTakes], weighing: Calibration, random: np.random.Generator
) -> Iterator[Search]:
    """All searches by one call."""
    own = [each for each in usable if each.speaker == call.speaker and each is not call]
    strangers = sorted({each.speaker for each in usable} - {call.speaker})
    for wanted in GROUPS * SEARCHES:
        size = min(wanted, len(strangers))
        chosen = [
            _call_of(int(who), usable, random) for who in random.permutation(strangers)[:size]
        ]
        yield from _ended(call, chosen, weighing, wanted, member=False)
        if own:
            one = own[random.integers(len(own))]
            yield from _ended(call, [one, *chosen[1:]], weighing, wanted, member=True)


def _call_of(speaker: int, usable: Sequence[CallTakes], random: np.random.Generator) -> CallTakes:
    theirs = [each for each in usable if each.speaker == speaker]
    return theirs[random.integers(len(theirs))]


def _ended(
    call: CallTakes, group: Sequence[CallTakes], weighing: Calibration, wanted: int, *, member: bool
) -> Iterator[Search]:
    """One search, judged at each target."""
    gallery = Gallery({each.speaker: _enrolled(each) for each in group}, weighing.model)
    for fpir in FPIRS:
        point = _point(fpir, weighing, len(gallery))
        take = call.takes[SEARCHED]
        found = identify(take.embedding, take.quality, gallery, weighing, point or _OUT_OF_REACH)
        first = found.ranked[0].name == call.speaker
        named = found.found is not None and (first or not member)
        yield Search(wanted, fpir, call.speaker, member, first, named if point else None)


def _point(fpir: float, weighing: Calibration, voices: int) -> OperatingPoint | None:
    """The operating point; None where the calibration cannot reach it."""
    try:
        return point_for(Purpose.IDENTIFY, TargetRates(identify=fpir), weighing, voices)
    except ModelError:
        return None


def _enrolled(call: CallTakes) -> list[Voiceprint]:
    return [call.takes[name] for name in ENROLLED]


def _figures(found: Sequence[Search], group: int, fpir: float, replicates: int) -> dict[str, Any]:
    these = [each for each in found if (each.group, each.fpir) == (group, fpir)]
    members = [each for each in these if each.member]
    strangers = [each for each in these if not each.member]
    return {
        "group": group,
        "target_fpir": fpir,
        "first": _rate([(each.speaker, each.first) for each in members], replicates),
        "tpir": _named(members, replicates),
        "fpir": _named(strangers, replicates),
        "searches": len(these),
        "speakers": len({each.speaker for each in these}),
    }


def _named(these: Sequence[Search], replicates: int) -> list[float] | None:
    """How often anyone was named; None unless every fold's calibration could name someone."""
    named = [(each.speaker, each.named) for each in these if each.named is not None]
    return _rate(named, replicates) if len(named) == len(these) else None


def _rate(outcomes: Sequence[tuple[int, bool]], replicates: int) -> list[float]:
    """A share and its 95 % interval, bootstrapped over the speakers who searched."""
    people, hit = zip(*outcomes, strict=True)
    return list(share(hit, people, replicates))


def _table(figures: Sequence[dict[str, Any]]) -> str:
    lines = [
        "group  target FPIR  FPIR %             TPIR %             first %            searches"
    ]
    for each in figures:
        cells = "  ".join(_cell(each[name]) for name in ("fpir", "tpir", "first"))
        head = f"{each['group']:<5}  {each['target_fpir']:<11.0%}"
        lines.append(f"{head}  {cells}  {each['searches']}")
    return "\n".join(lines)


def _cell(rate: Sequence[float] | None) -> str:
    if rate is None:
        return "out of reach".ljust(17)
    value, low, high = (f"{100 * each:.1f}" for each in rate)
    return f"{value} [{low} {high}]".ljust(17)
