"""The calibration's trials: calls of a telephone corpus compared as the application compares them.

Each call offers a few takes of one to five words or a sentence, each one voiceprint. A condition
says which takes of one call are enrolled and which take of another call is tested, so that the
fit sees the durations and the numbers of voiceprints that callers bring: passphrases of two to
three seconds, enrolled three times. Two takes of one call are never compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import permutations, product

import numpy as np

from engine.decision.calibration import evidence, rests_on, terms
from engine.decision.cohort import Cohort
from engine.decision.fit import Trials
from engine.decision.scoring import score, score_by_parts
from engine.types import Voiceprint


@dataclass(frozen=True, slots=True)
class Take:
    """Prompts of one call, joined to one utterance."""

    prompts: tuple[str, ...]
    longest_s: float = 10.0
    """Each prompt is cut here."""


PASSPHRASE_S = 3.5

TAKES = {
    **{f"words {a}{b}": Take((f"u00{a}", f"u00{b}")) for a, b in ("12", "34", "51", "23")},
    "words 123": Take(("u001", "u002", "u003")),
    "words 12345": Take(("u001", "u002", "u003", "u004", "u005")),
    **{f"sentence {n}": Take((f"u{n:03}",), PASSPHRASE_S) for n in range(6, 11)},
    **{f"whole {n}": Take((f"u{n:03}",)) for n in (6, 7, 8, 10)},
}


@dataclass(frozen=True, slots=True)
class Condition:
    """Which takes of one call are enrolled, and which take of another is tested."""

    enrolled: tuple[str, ...]
    tested: str


WORDS = Condition(("words 12345",), "words 12345")
"""The words protocol: five words enrolled, the same five words tested."""

SAID_AGAIN = (
    WORDS,
    *(Condition((name,), name) for name in ("words 12", "words 34", "words 51", "words 123")),
)
"""A phrase against the same phrase in another call: what is compared part by part. Nobody in the
corpus says one twice in a call: each has one voiceprint, and what more of them bring is not fitted.
"""

CONDITIONS = (
    *SAID_AGAIN,
    Condition(("words 12", "words 34", "words 51"), "words 23"),
    Condition(("words 12", "words 34", "words 51"), "words 123"),
    Condition(("sentence 6", "sentence 7", "sentence 8"), "sentence 9"),
    Condition(("sentence 7", "sentence 9", "sentence 10"), "sentence 6"),
    Condition(("sentence 8",), "sentence 8"),
    Condition(("whole 6", "whole 7", "whole 8"), "whole 10"),
)


@dataclass(frozen=True, slots=True, eq=False)
class CallTakes:
    """What one call offers."""

    speaker: int
    """Speakers are numbered from 0."""
    takes: Mapping[str, Voiceprint]
    """By name of `TAKES`; those too poor to use are left out."""
    noisier: Mapping[str, Voiceprint] = field(default_factory=dict)
    """The same over a noisier line; empty where it was not heard so."""

    @property
    def lines(self) -> tuple[Mapping[str, Voiceprint], ...]:
        """The takes over each of its lines."""
        return (self.takes, self.noisier) if self.noisier else (self.takes,)


Terms = Callable[[Voiceprint, Sequence[Voiceprint]], tuple[float, ...]]
"""What is known of a comparison of a tested take with the enrolled ones."""


def known(cohort: Cohort | None = None) -> Terms:
    """What a calibration knows, of raw scores or of such as are normalised against a cohort."""
    compare = score if cohort is None else cohort.remembering()
    return lambda test, enrolled: terms(evidence(test.embedding, test.quality, enrolled, compare))


def recognised(calls: Sequence[CallTakes]) -> list[CallTakes]:
    """Return the calls with only those takes that have their parts."""
    return [
        replace(call, takes=_with_parts(call.takes), noisier=_with_parts(call.noisier))
        for call in calls
    ]


def _with_parts(takes: Mapping[str, Voiceprint]) -> dict[str, Voiceprint]:
    return {name: take for name, take in takes.items() if take.embedding.parts is not None}


def known_by_parts(test: Voiceprint, enrolled: Sequence[Voiceprint]) -> tuple[float, ...]:
    """Return what a calibration knows of takes of one phrase that are compared part by part.

    `ValueError` where one has no parts, or they are of different phrases.
    """
    found = score_by_parts(test.embedding, enrolled)
    if found is None:
        raise ValueError("takes without parts, or of different phrases, are compared as a whole")
    return terms(rests_on(found, test.quality, enrolled))


def trials(
    calls: Sequence[CallTakes],
    conditions: Sequence[Condition] = CONDITIONS,
    terms_of: Terms | None = None,
) -> Trials:
    """Compare every two calls in every condition that both can meet, each way round.

    Over each of their lines.
    """
    rows = [
        row for condition in conditions for row in _compared(calls, condition, terms_of or known())
    ]
    found = np.array([row[0] for row in rows], dtype=np.float64)
    return Trials(found, np.array([row[1:] for row in rows], dtype=np.int64))


def _compared(
    calls: Sequence[CallTakes], condition: Condition, terms_of: Terms
) -> Iterator[tuple[tuple[float, ...], int, int]]:
    """Yield the terms of each comparison, who was enrolled and who was tested."""
    for enrolled, tested in permutations(calls, 2):
        for ours, theirs in product(enrolled.lines, tested.lines):
            if ours.keys() >= set(condition.enrolled) and condition.tested in theirs:
                voiceprints = [ours[name] for name in condition.enrolled]
                test = theirs[condition.tested]
                yield terms_of(test, voiceprints), enrolled.speaker, tested.speaker
