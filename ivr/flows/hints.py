"""What to tell a caller before the next attempt: each shortcoming has its own words."""

from __future__ import annotations

from engine.decision.policy import AttemptEvidence
from engine.types import PhraseOutcome, Shortcoming
from ivr.domain.prompt import Prompt

HINTS: dict[Shortcoming, Prompt] = {
    Shortcoming.TOO_SHORT: Prompt.TOO_SHORT,
    Shortcoming.TOO_NOISY: Prompt.TOO_NOISY,
    Shortcoming.TOO_QUIET: Prompt.TOO_QUIET,
    Shortcoming.TOO_LOUD: Prompt.TOO_LOUD,
    Shortcoming.TONES: Prompt.TONES,
    Shortcoming.MUSIC: Prompt.MUSIC,
    Shortcoming.TWO_TALKERS: Prompt.TWO_TALKERS,
}


def hint_after(evidence: AttemptEvidence) -> Prompt:
    """Say what kept an attempt from being enough."""
    if evidence.shortcoming is not None:
        return HINTS[evidence.shortcoming]
    if evidence.cut_off:
        return Prompt.CUT_OFF
    if evidence.digits.outcome is PhraseOutcome.WRONG:
        return Prompt.WRONG_DIGITS
    match evidence.words:
        case PhraseOutcome.WRONG:
            return Prompt.WRONG_PHRASE
        case PhraseOutcome.UNSURE:
            return Prompt.UNCLEAR
        case PhraseOutcome.RIGHT | PhraseOutcome.UNCHECKED:
            return Prompt.NOTHING_HEARD if evidence.llr is None else Prompt.NOT_SURE_YET
