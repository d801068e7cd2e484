"""Two ways to check a phrase, one answer: the recogniser's and that of the person's recordings."""

from __future__ import annotations

from dataclasses import replace

from engine.types import PhraseFinding, PhraseOutcome


def vote(recognised: PhraseFinding, aligned: PhraseFinding) -> PhraseFinding:
    """Combine what the recogniser and the alignment found.

    Where one is UNCHECKED the other decides. Where they agree, that is the outcome. Where one is
    UNSURE the other decides if it says WRONG, or if it is the recogniser: likeness to a person's
    recordings alone does not make a phrase right. RIGHT against WRONG is UNSURE. What was heard is
    the recogniser's.
    """
    if PhraseOutcome.UNCHECKED in (recognised.outcome, aligned.outcome):
        return aligned if recognised.outcome is PhraseOutcome.UNCHECKED else recognised
    if recognised.outcome is aligned.outcome:
        return replace(recognised, confidence=max(recognised.confidence, aligned.confidence))
    if aligned.outcome is PhraseOutcome.UNSURE:
        return recognised
    if recognised.outcome is PhraseOutcome.UNSURE and aligned.outcome is PhraseOutcome.WRONG:
        return replace(aligned, heard=recognised.heard)
    return replace(recognised, outcome=PhraseOutcome.UNSURE, confidence=0.5, parts=())
