"""Rates of replays found and of fresh utterances taken for one, at a threshold chosen elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.evaluation.assessment import Figure
from engine.evaluation.bootstrap import draws, interval, of_all_or_none
from engine.evaluation.metrics import Vector
from engine.types import ReplayFinding, ReplayOutcome

Numbers = NDArray[np.int64]

_QUANTILE: Final = 0.01
"""Of the replays, how many may lie below the likeness that the threshold is chosen by."""

_LEAST: Final = 1e-3
"""A likeness below it is as good as none: none has no ratio to another."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One utterance compared with one earlier recording, or with several."""

    kind: str
    replay: bool
    """Whether it is one of the recordings, replayed."""
    speaker: str
    other: str
    """Who made the earlier recording."""
    finding: ReplayFinding


@dataclass(frozen=True, slots=True)
class Rate:
    """How many comparisons of one kind were called a repeat, in [0, 1]."""

    kind: str
    replay: bool
    count: int
    chosen: Figure
    """At a threshold chosen on the other half of the speakers."""
    built_in: float
    """By the rule of `engine.liveness`, which was made on the same people."""
    likeness: tuple[float, float, float, float]
    """1st, 50th and 99th percentile, and the highest."""


@dataclass(frozen=True, slots=True)
class Rates:
    """What was found on one kind of utterance."""

    thresholds: tuple[float, float]
    """Chosen on the one half, and on the other."""
    rates: list[Rate]

    def text(self, title: str) -> str:
        """Return a table with a line for each kind, 95 % intervals in brackets."""
        chosen = " and ".join(f"{each:.3f}" for each in self.thresholds)
        head = (
            f"{title}: a repeat from a likeness of {chosen} (each chosen on the other half of the"
        )
        lines = [head, "speakers). Built in: the rule of engine.liveness, made on the same people."]
        lines += ["Rates in %."]
        lines += [_line(("", "n", "called a repeat", "built in", "likeness 1/50/99/100 %"))]
        return "\n".join(lines + [_row(rate) for rate in self.rates])

    def figures(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "thresholds": list(self.thresholds),
            "kinds": [_plain(rate) for rate in self.rates],
        }


def rates_of(comparisons: Sequence[Comparison], replicates: int) -> Rates:
    """Choose a threshold on each half of the speakers and count on the other.

    Speakers are drawn for the intervals; comparisons of two people who are not in one half are
    not counted. A rate of exactly 0 or 1 has the interval of as many comparisons as there are
    speakers (`engine.evaluation.bootstrap.of_all_or_none`).
    """
    speakers = sorted({each.speaker for each in comparisons} | {each.other for each in comparisons})
    half = {speaker: number % 2 for number, speaker in enumerate(speakers)}
    halves = [[c for c in comparisons if half[c.speaker] == half[c.other] == n] for n in (0, 1)]
    thresholds = choose(halves[0]), choose(halves[1])
    judged = [
        (each, each.finding.likeness >= thresholds[1 - number])
        for number in (0, 1)
        for each in halves[number]
    ]
    kinds = list(dict.fromkeys(each.kind for each in comparisons))
    return Rates(thresholds, [_rate(kind, judged, speakers, replicates) for kind in kinds])


def choose(comparisons: Sequence[Comparison]) -> float:
    """Return the likeness midway, on a scale of ratios, between fresh utterances and replays.

    That is between the highest of a fresh utterance and the first percentile of those replays
    that any method of this build should know: all whose first percentile lies above it.
    """
    highest = max(_LEAST, *(each.finding.likeness for each in comparisons if not each.replay))
    kinds = {each.kind for each in comparisons if each.replay}
    lows = [
        float(np.quantile([c.finding.likeness for c in comparisons if c.kind == kind], _QUANTILE))
        for kind in kinds
    ]
    return float(np.sqrt(highest * min((low for low in lows if low > highest), default=1.0)))


def _rate(
    kind: str, judged: Sequence[tuple[Comparison, bool]], speakers: list[str], replicates: int
) -> Rate:
    mine = [(each, repeat) for each, repeat in judged if each.kind == kind]
    likeness = [each.finding.likeness for each, _ in mine]
    called = np.array([repeat for _, repeat in mine], dtype=np.float64)
    built_in = np.mean([each.finding.outcome is ReplayOutcome.REPEAT for each, _ in mine])
    low, middle, high, highest = np.quantile(likeness, (0.01, 0.5, 0.99, 1.0))
    return Rate(
        kind,
        mine[0][0].replay,
        len(mine),
        _figure(called, [each for each, _ in mine], speakers, replicates),
        float(built_in),
        (float(low), float(middle), float(high), float(highest)),
    )


def _figure(
    called: Vector, comparisons: Sequence[Comparison], speakers: list[str], replicates: int
) -> Figure:
    value = float(called.mean())
    if value in (0.0, 1.0):
        people = {each.speaker for each in comparisons}
        return Figure(value, *of_all_or_none(value, len(people)))
    number = {speaker: place for place, speaker in enumerate(speakers)}
    one = np.array([number[each.speaker] for each in comparisons])
    other = np.array([number[each.other] for each in comparisons])
    rates = [_mean(called, _times(draw, one, other)) for draw in draws(len(speakers), replicates)]
    low, high = interval(np.array(rates).reshape(-1, 1))[:, 0]
    return Figure(value, float(low), float(high))


def _times(draw: Numbers, one: Numbers, other: Numbers) -> Vector:
    """How often each comparison counts in a draw of speakers."""
    return np.asarray(np.where(one == other, draw[one], draw[one] * draw[other]), np.float64)


def _mean(called: Vector, weights: Vector) -> float:
    total = weights.sum()
    return float(called @ weights / total) if total else float("nan")


def _row(rate: Rate) -> str:
    chosen = rate.chosen
    interval = f"{100 * chosen.value:.2f} [{100 * chosen.low:.2f} {100 * chosen.high:.2f}]"
    likeness = " ".join(f"{each:.3f}" for each in rate.likeness)
    return _line((rate.kind, str(rate.count), interval, f"{100 * rate.built_in:.2f}", likeness))


def _line(cells: tuple[str, str, str, str, str]) -> str:
    widths = (48, 7, 22, 9, 24)
    return " ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _plain(rate: Rate) -> dict[str, Any]:
    return {
        "kind": rate.kind,
        "replay": rate.replay,
        "comparisons": rate.count,
        "called_repeat": rate.chosen.value,
        "low": rate.chosen.low,
        "high": rate.chosen.high,
        "built_in": rate.built_in,
        "likeness": list(rate.likeness),
    }
