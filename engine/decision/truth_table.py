"""The policy as a truth table, drawn from the code: `python -m engine.decision.truth_table FILE`.

Every combination of what the policy looks at is put to `decide`; rows in which a factor makes no
difference are folded into one. With a file, the part between its two marks is written anew.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from engine.decision.explanation import EN_US, WORDS
from engine.decision.operating_point import Basis, OperatingPoint
from engine.decision.policy import AttemptEvidence, decide
from engine.types import (
    Judgement,
    Llr,
    PhraseFinding,
    PhraseOutcome,
    Quality,
    ReplayFinding,
    ReplayOutcome,
    Shortcoming,
)

BEGIN: Final = "<!-- drawn by python -m engine.decision.truth_table -->"
END: Final = "<!-- end of what is drawn -->"

_POINT: Final = OperatingPoint(Llr(4.0), Basis.BOUND)


@dataclass(frozen=True, slots=True)
class Case:
    """One combination: an attempt, or none, and whether the watchlist was hit."""

    attempt: AttemptEvidence | None
    watchlisted: bool = False

    def judged(self) -> Judgement:
        """What the policy says of it."""
        attempts = [] if self.attempt is None else [self.attempt]
        return decide(attempts, _POINT, watchlisted=self.watchlisted)

    def but(self, **changes: object) -> Case:
        """Return the case with another attempt; without one it stays as it is."""
        if self.attempt is None:
            return self
        return replace(self, attempt=replace(self.attempt, **changes))  # type: ignore[arg-type]  # FACTORS name its fields


Values = dict[str, Case]


def _computed(case: Case) -> Values:
    broken = Quality(math.nan, 30.0, -20.0, 0.0)
    return {"no": case.but(quality=broken), "yes": case}


def _repeat(case: Case) -> Values:
    repeats = {outcome: ReplayFinding(outcome, 0.5, None) for outcome in ReplayOutcome}
    return {str(outcome): case.but(replay=finding) for outcome, finding in repeats.items()}


def _watchlist(case: Case) -> Values:
    return {"hit": replace(case, watchlisted=True), "no hit": replace(case, watchlisted=False)}


def _fit(case: Case) -> Values:
    poor = {_words(each): case.but(shortcoming=each) for each in Shortcoming}
    return {**poor, "fit": case.but(shortcoming=None)}


def _phrase(case: Case) -> Values:
    return {str(each): case.but(phrase=PhraseFinding(each, None, 0.9)) for each in PhraseOutcome}


def _digits(case: Case) -> Values:
    return {str(each): case.but(digits=PhraseFinding(each, None, 0.9)) for each in PhraseOutcome}


def _voice(case: Case) -> Values:
    return {
        "not compared": case.but(llr=None),
        "Llr 0 or less": case.but(llr=Llr(0.0)),
        "above 0, below the threshold": case.but(llr=Llr(3.9)),
        "at the threshold or above": case.but(llr=_POINT.threshold),
    }


FACTORS: Final[dict[str, Callable[[Case], Values]]] = {
    "voice": _voice,
    "digits": _digits,
    "phrase": _phrase,
    "speech": _fit,
    "watchlist": _watchlist,
    "replay": _repeat,
    "computed": _computed,
}
"""Each gives the cases that its values make of a case."""

Row = tuple[tuple[str, ...], tuple[str, ...]]
"""The values of the factors, and what the policy says."""

_ORDER: Final = ("computed", "replay", "watchlist", "speech", "phrase", "digits", "voice")
"""Of the columns: what decides alone comes first, so that most rows fold."""


def rows() -> list[Row]:
    """Return the folded table; a value is `any` where it makes no difference."""
    nothing = ("no attempt", *["any"] * (len(_ORDER) - 1))
    return [(nothing, _said(Case(None))), *_folded(Case(AttemptEvidence()), (), _ORDER)]


def drawn() -> str:
    """Return table and words as Markdown, as they stand in docs/policy.md between the marks."""
    head = [*_ORDER, "verdict", "reason", "another attempt"]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join((*values, *said))} |" for values, said in rows()]
    words = ["| finding | words |", "|---|---|"]
    words += [f"| `{finding}` | {text} |" for finding, text in WORDS[EN_US].items()]
    return "\n".join([BEGIN, "", *lines, "", *words, "", END])


def redrawn(document: str) -> str:
    """Return a document with what is between its marks drawn anew; `ValueError` without marks."""
    before, begun, rest = document.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not (begun and ended):
        raise ValueError(f"the document needs the lines {BEGIN!r} and {END!r}")
    return before + drawn() + after


def main(arguments: Sequence[str]) -> int:
    """Print the table, or write it into the file that is named; the status is 0."""
    if not arguments:
        sys.stdout.write(drawn() + "\n")
        return 0
    path = Path(arguments[0])
    path.write_text(redrawn(path.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


def _folded(case: Case, values: tuple[str, ...], left: Sequence[str]) -> Iterator[Row]:
    """Go through the factors that are left; values that lead to the same rows become one."""
    if not left:
        yield values, _said(case)
        return
    parts = {
        value: tuple(_folded(each, (), left[1:])) for value, each in FACTORS[left[0]](case).items()
    }
    same: dict[tuple[Row, ...], list[str]] = {}
    for value, part in parts.items():
        same.setdefault(part, []).append(value)
    for part, together in same.items():
        name = "any" if len(same) == 1 else _either(together)
        for rest, said in part:
            yield (*values, name, *rest), said


def _said(case: Case) -> tuple[str, str, str]:
    judged = case.judged()
    return judged.verdict, judged.reason, "could tell" if judged.unsure else "no"


def _either(values: Sequence[str]) -> str:
    return " or ".join(values)


def _words(name: str) -> str:
    return name.replace("_", " ")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
