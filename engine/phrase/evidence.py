"""From paths through the same audio, the listed phrases' and that of any phones, to a finding."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from engine.phrase.listening import Trace
from engine.phrase.network import ASIDE, NO_WORD
from engine.types import PhraseFinding, PhraseId, PhraseOutcome, Span

DOUBTFUL: Final = 0.03
"""Confidence below which no phrase of the list was said; from there to where it is sure, UNSURE."""
_SUREST: Final = 50.0
"""Log odds beyond which a confidence is as good as 0 or 1."""
_LEAST: Final = 1e-9
_UNHEARD: Final = 3
"""Frames, 60 ms."""


def confidence_of(log_odds: float) -> float:
    """Return the probability in [0, 1] of any log odds, in nats, however large."""
    return 1.0 / (1.0 + math.exp(-max(-_SUREST, min(_SUREST, log_odds))))


def log_odds_of(confidence: float) -> float:
    """Return the log odds of a probability in [0, 1], in nats; 20.7 at most, either way."""
    inside = min(max(confidence, _LEAST), 1.0 - _LEAST)
    return math.log(inside / (1.0 - inside))


@dataclass(frozen=True, slots=True)
class Fit:
    """How well one phrase fits what was said, against any phones."""

    ratio: float
    """Log likelihood ratio of the whole paths, in nats per frame in which the phrase sounds. Other
    speech before it and after it has its price here."""
    weakest: float
    """That of the word that fits worst, over its frames and `_UNHEARD` in which nothing speaks
    against it: so little counts what is but a moment."""


@dataclass(frozen=True, slots=True)
class Weighing:
    """What a fit is worth: a logistic regression, and where it is sure."""

    bias: float
    ratio: float
    weakest: float
    sure: float
    """From this confidence on it is the phrase that was heard."""

    def confidence(self, fit: Fit) -> float:
        """Return the probability in [0, 1] that the phrase was said, at even odds."""
        weighed = self.bias + self.ratio * fit.ratio + self.weakest * fit.weakest
        return confidence_of(weighed)


ALONE: Final = Weighing(5.88, 2.84, 1.70, sure=0.1)
"""Where nothing but the phrase may have been said: over half of the speakers of telephone strings
and a quarter of those of read sentences (`countersign evaluate --phrases` reports on others), and
of both what breaks off or differs in a word. On them, other speech was then taken for any one
phrase of ten in less than 2 %."""
AMONG_OTHERS: Final = Weighing(8.18, 3.32, 1.68, sure=0.8)
"""Where other speech may stand beside it: over the same right phrases, with other speech beside
them, said twice or begun twice."""


@dataclass(frozen=True, slots=True)
class Look:
    """How well each phrase of a list fits, one way of laying it over the audio."""

    fits: Mapping[PhraseId, Fit]
    weighing: Weighing
    parts: Mapping[PhraseId, tuple[Span, ...]] = field(default_factory=dict)
    """Where the parts of each lie."""

    def best(self) -> tuple[PhraseId, float]:
        """Return the phrase that fits best, and its confidence."""
        best = max(self.fits, key=lambda each: self.weighing.confidence(self.fits[each]))
        return best, self.weighing.confidence(self.fits[best])


NO_FIT: Final = Fit(-math.inf, -math.inf)
"""Where a phrase cannot be laid over the audio at all."""


def fit(phrase: Trace, loop: Trace) -> Fit:
    """Compare the paths of a phrase and of any phones over the same frames."""
    words = phrase.words >= 0
    sounds = (loop.words != NO_WORD) & (phrase.words != ASIDE)
    if not math.isfinite(phrase.score) or not (loop.words != NO_WORD).any():
        return NO_FIT
    ratio = phrase.likelihoods - loop.likelihoods
    against = np.bincount(phrase.words[words], ratio[words])
    lasting = np.bincount(phrase.words[words]) + _UNHEARD
    return Fit(
        ratio=(phrase.score - loop.score) / int((words | sounds).sum()),
        weakest=float((against / lasting).min()),
    )


def judged(looks: Iterable[Look], asked: PhraseId) -> PhraseFinding:
    """Say whether the phrase that was asked for is the one that was heard.

    That is the one which fits best, if it fits well. The first look that is sure decides, and later
    ones are not taken; where none is, the first stands.
    """
    first: PhraseFinding | None = None
    for look in looks:
        heard, confidence = look.best()
        if confidence >= look.weighing.sure:
            if heard != asked:
                return PhraseFinding(PhraseOutcome.WRONG, heard, confidence)
            return PhraseFinding(PhraseOutcome.RIGHT, heard, confidence, look.parts.get(heard, ()))
        first = first or _unsure(heard, confidence)
    if first is None:
        raise ValueError("a finding needs a look")
    return first


def _unsure(heard: PhraseId, confidence: float) -> PhraseFinding:
    if confidence < DOUBTFUL:
        return PhraseFinding(PhraseOutcome.WRONG, None, 1.0 - confidence)
    return PhraseFinding(PhraseOutcome.UNSURE, heard, confidence)
