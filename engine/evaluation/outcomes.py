"""Shares of right, unsure and wrong among findings, with intervals over speakers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from engine.evaluation.assessment import Figure
from engine.evaluation.bootstrap import share
from engine.types import PhraseFinding, PhraseOutcome

_COUNTED: Final = (PhraseOutcome.RIGHT, PhraseOutcome.UNSURE, PhraseOutcome.WRONG)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What became of the trials of one kind."""

    kind: str
    trials: int
    speakers: int
    shares: dict[PhraseOutcome, Figure]
    """Of all trials, in [0, 1], with 95 % intervals."""

    @staticmethod
    def head() -> str:
        """Return the line that names the columns."""
        return _line("in %, 95 % intervals", "trials", "speakers", [str(each) for each in _COUNTED])

    def text(self) -> str:
        """Return one line of a table."""
        cells = [_cell(self.shares[each]) for each in _COUNTED]
        return _line(self.kind, str(self.trials), str(self.speakers), cells)

    def plain(self) -> dict[str, Any]:
        """Return plain values that JSON can hold."""
        shares = {
            str(outcome): {"value": each.value, "low": each.low, "high": each.high}
            for outcome, each in self.shares.items()
        }
        return {
            "kind": self.kind,
            "trials": self.trials,
            "speakers": self.speakers,
            "shares": shares,
        }


def outcomes_of(
    trials: Sequence[tuple[str, str, PhraseFinding]], replicates: int
) -> list[Outcomes]:
    """Count the outcomes of trials (kind, speaker, finding), kind by kind.

    Intervals are percentiles over draws of speakers; a share of exactly 0 or 1 has that of as many
    trials as there are speakers (`engine.evaluation.bootstrap.of_all_or_none`).
    """
    kinds = dict.fromkeys(kind for kind, _, _ in trials)
    return [_of_kind(kind, [t for t in trials if t[0] == kind], replicates) for kind in kinds]


def _of_kind(
    kind: str, trials: Sequence[tuple[str, str, PhraseFinding]], replicates: int
) -> Outcomes:
    people = [name for _, name, _ in trials]
    shares = {
        outcome: Figure(*share([f.outcome is outcome for _, _, f in trials], people, replicates))
        for outcome in _COUNTED
    }
    return Outcomes(kind, len(trials), len(set(people)), shares)


def _cell(figure: Figure) -> str:
    value, low, high = (f"{100 * each:.2f}" for each in (figure.value, figure.low, figure.high))
    return f"{value} [{low} {high}]"


def _line(kind: str, trials: str, speakers: str, cells: Sequence[str]) -> str:
    widths = (92, 7, 9, 22, 22, 22)
    row = (kind, trials, speakers, *cells)
    return "".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
