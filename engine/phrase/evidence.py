"""From paths through the same audio, the listed phrases' and that of any phones, to a finding."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.phrase.listening import Trace
from engine.phrase.network import ASIDE, NO_WORD
from engine.types import PhraseFinding, PhraseId, PhraseOutcome

SURE: Final = 0.4
"""From here on it is the phrase that was heard. On the people of the weights, other speech was then
taken for any one phrase of ten in less than 2 %."""
DOUBTFUL: Final = 0.05
"""Below, no phrase of the list was said; between is UNSURE."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How well one phrase fits what was said, against any phones."""

    ratio: float
    """Log likelihood ratio of the whole paths, in nats per frame in which the phrase sounds. Other
    speech before it and after it has its price here."""
    weakest: float
    """That of the worse third of its words, each over its own frames."""

    @property
    def confidence(self) -> float:
        """Probability in [0, 1] that the phrase was said, at even odds."""
        bias, ratio, weakest = _WEIGHTS
        weighed = bias + ratio * self.ratio + weakest * self.weakest
        return 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, weighed))))


NO_FIT: Final = Fit(-math.inf, -math.inf)
"""Where a phrase cannot be laid over the audio at all."""

_WEIGHTS: Final = (5.92, 0.68, 0.90)
"""Bias, ratio, weakest: a logistic regression over half of the speakers of telephone strings and
read sentences, as they are, with other speech beside them, begun twice or with a word exchanged
(`countersign evaluate --phrases` reports on the other half)."""


def fit(phrase: Trace, loop: Trace) -> Fit:
    """Compare the paths of a phrase and of any phones over the same frames."""
    words = phrase.words >= 0
    sounds = (loop.words != NO_WORD) & (phrase.words != ASIDE)
    if not math.isfinite(phrase.score) or not (loop.words != NO_WORD).any():
        return NO_FIT
    ratio = phrase.likelihoods - loop.likelihoods
    each = sorted(float(ratio[phrase.words == k].mean()) for k in range(phrase.words.max() + 1))
    return Fit(
        ratio=(phrase.score - loop.score) / int((words | sounds).sum()),
        weakest=float(np.mean(each[: max(1, len(each) // 3)])),
    )


def judged(fits: Mapping[PhraseId, Fit], asked: PhraseId) -> PhraseFinding:
    """Say whether the phrase that was asked for is the one that was heard.

    That is the one which fits best, if it fits well. `fits` has every phrase of the list.
    """
    heard = max(fits, key=lambda each: fits[each].confidence)
    confidence = fits[heard].confidence
    if confidence < DOUBTFUL:
        return PhraseFinding(PhraseOutcome.WRONG, None, 1.0 - confidence)
    if confidence < SURE:
        return PhraseFinding(PhraseOutcome.UNSURE, heard, confidence)
    outcome = PhraseOutcome.RIGHT if heard == asked else PhraseOutcome.WRONG
    return PhraseFinding(outcome, heard, confidence)
