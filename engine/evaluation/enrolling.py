"""`countersign evaluate --enrollment`: how many callers could not be enrolled.

FTE, the failure-to-enroll rate of ISO/IEC 19795-1.

Every call tries once, as a caller would: takes one after the other under the enrollment rules,
until there are enough that agree or none is left. A take that the quality limits refuse, or that
the call lacks, is a try in vain. By passphrase only: a call of the corpus holds hardly the 20 s
that free speech needs, so that it would be the corpus that fails.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from engine.decision.calibration import Calibration
from engine.decision.recordings import calls_of
from engine.decision.trials import CallTakes
from engine.enrollment import PHRASE_RULES, EnrollmentRules, Heard, review
from engine.evaluation.assessment import Figure
from engine.evaluation.bootstrap import share
from engine.evaluation.models import card_meant
from engine.evaluation.recordings import CorpusError
from engine.evaluation.reports import Report, corpus_of
from engine.types import Voiceprint
from engine.voice.embedder import Embedder


@dataclass(frozen=True, slots=True)
class Way:
    """A way to enroll: the rules, and the takes that a caller offers, in order."""

    rules: EnrollmentRules
    takes: tuple[str, ...]


WAYS: Final[Mapping[str, Way]] = {
    "passphrase": Way(PHRASE_RULES, ("words 12", "words 34", "words 51", "words 23", "words 123")),
}


@dataclass(frozen=True, slots=True)
class Tried:
    """How one call's enrollment ended."""

    speaker: int
    enrolled: bool
    why: str
    """What it failed for; empty where it did not."""


@dataclass(frozen=True, slots=True)
class _Recording:
    voiceprint: Voiceprint


def run(arguments: argparse.Namespace) -> Report:
    """Hear the corpus and enroll every call; `CorpusError` where it cannot be read."""
    corpus, card = corpus_of(arguments), card_meant(arguments.model)
    embedder = Embedder.load(card)
    calibration = Calibration.of(embedder.card, card.parent)
    try:
        calls = calls_of(corpus, embedder)
    except (OSError, KeyError, ValueError) as error:
        raise CorpusError(f"the telephone split of {corpus} cannot be heard: {error}") from error
    if not calls:
        raise CorpusError(f"the telephone split of {corpus} holds no call")
    return report(calls, calibration, arguments.replicates)


def report(calls: Sequence[CallTakes], calibration: Calibration, replicates: int) -> Report:
    """Enroll at least one call in each way."""
    figures = [
        _figures(name, [tried(call, way, calibration) for call in calls], replicates)
        for name, way in WAYS.items()
    ]
    return Report(_table(figures), figures)


def tried(call: CallTakes, way: Way, calibration: Calibration) -> Tried:
    """Enroll one call."""
    kept: tuple[_Recording, ...] = ()
    objections: Counter[str] = Counter()
    for name in way.takes:
        if name not in call.takes:
            objections["poor or absent"] += 1
            continue
        found = review(_Recording(call.takes[name]), Heard(), kept, calibration, way.rules)
        if found.complete:
            return Tried(call.speaker, True, "")
        if found.why is not None:
            objections[str(found.why)] += 1
        kept = found.kept
    why = objections.most_common(1)[0][0] if objections else "too little speech"
    return Tried(call.speaker, False, why)


def _figures(name: str, found: Sequence[Tried], replicates: int) -> dict[str, Any]:
    rate = _failed(found, replicates)
    return {
        "way": name,
        "calls": len(found),
        "speakers": len({each.speaker for each in found}),
        "fte": {"value": rate.value, "low": rate.low, "high": rate.high},
        "why": dict(Counter(each.why for each in found if not each.enrolled)),
    }


def _failed(found: Sequence[Tried], replicates: int) -> Figure:
    """The share of calls that failed, and its 95 % interval over speakers."""
    failed = [not each.enrolled for each in found]
    return Figure(*share(failed, [each.speaker for each in found], replicates))


def _table(figures: Sequence[Mapping[str, Any]]) -> str:
    lines = ["way          calls  speakers  FTE %                why"]
    for each in figures:
        value, low, high = (f"{100 * each['fte'][part]:.1f}" for part in ("value", "low", "high"))
        why = ", ".join(f"{name}: {count}" for name, count in each["why"].items())
        counts = f"{each['way']:<11}  {each['calls']:<5}  {each['speakers']:<8}"
        lines.append(f"{counts}  {f'{value} [{low} {high}]':<19}  {why}".rstrip())
    return "\n".join(lines)
