"""From two paths through the same audio, that of a phrase and that of any phones, to a finding."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.phrase.decoders import Piece, per_frame
from engine.types import PhraseFinding, PhraseId, PhraseOutcome

SURE: Final = 0.5
"""From here on it is the phrase that was heard."""
DOUBTFUL: Final = 0.1
"""Below, no phrase of the list was said; between is UNSURE."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """How well the best phrase of the list fits, against the best sequence of any phones."""

    heard: PhraseId | None
    """None where no phrase of the list could be laid over the audio at all."""
    mean: float
    """Log likelihood ratio per frame of 10 ms of its words, in nats."""
    worst_word: float
    """That of the word that fits worst."""
    covered: float
    """Share of the frames with phones that the words account for, in [0, 1]."""

    @property
    def confidence(self) -> float:
        """Probability in [0, 1] that the heard phrase was said, at even odds."""
        if self.heard is None:
            return 0.0
        weighed = sum(
            weight * value
            for weight, value in zip(_WEIGHTS, (1.0, self.mean, self.covered), strict=True)
        )
        return 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, weighed))))


NOTHING: Final = Evidence(None, 0.0, 0.0, 0.0)

_WEIGHTS: Final = (-0.4, 2.3, 7.4)
"""Bias, mean, covered: a logistic regression over half of the speakers of telephone
strings and read sentences (`countersign evaluate --phrases` reports on the other half)."""


def weighed(heard: PhraseId | None, listed: Sequence[Piece], loop: Sequence[Piece]) -> Evidence:
    """Compare a phrase's path with the loop's, over the frames of the phrase's words."""
    words = [each for each in listed if each.spoken and each.end > each.start]
    if heard is None or not words or not loop:
        return NOTHING
    frames = max(words[-1].end, loop[-1].end)
    ratio = np.subtract(per_frame(listed, frames), per_frame(loop, frames))
    said, sounding = _mask(words, frames), _mask([each for each in loop if each.spoken], frames)
    return Evidence(
        heard,
        mean=float(ratio[said].mean()),
        worst_word=min(float(ratio[each.start : each.end].mean()) for each in words),
        covered=float((said & sounding).sum() / max(1, sounding.sum())),
    )


def judged(evidence: Evidence, asked: PhraseId) -> PhraseFinding:
    """Say whether the phrase that was asked for is the one that was heard."""
    confidence = evidence.confidence
    if evidence.heard is None or confidence < DOUBTFUL:
        return PhraseFinding(PhraseOutcome.WRONG, None, 1.0 - confidence)
    if confidence < SURE:
        return PhraseFinding(PhraseOutcome.UNSURE, evidence.heard, confidence)
    outcome = PhraseOutcome.RIGHT if evidence.heard == asked else PhraseOutcome.WRONG
    return PhraseFinding(outcome, evidence.heard, confidence)


def _mask(pieces: Sequence[Piece], frames: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    mask = np.zeros(frames, bool)
    for each in pieces:
        mask[each.start : each.end] = True
    return mask
