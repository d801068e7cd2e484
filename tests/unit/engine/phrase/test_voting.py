"""The recogniser and the person's own recordings are asked together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.audio import upsample
from engine.phrase import frames, vote
from engine.phrase.alignment import alike, compared, reversed_
from engine.types import PhraseFinding, PhraseId, PhraseOutcome, Span, Utterance
from tests.unit.engine.audio.synthetic import noise, voice

ASKED, OTHER = PhraseId("asked"), PhraseId("other")
PARTS = (Span(0.0, 0.9), Span(0.6, 1.6))
SAID = frames(Utterance(upsample(voice(1.6))))
REVERSED = frames(Utterance(upsample(voice(1.6)[::-1].copy())))
ALIKE, BETWEEN, UNLIKE = 0.85, 0.95, 1.02
UNLIKENESS = st.floats(0.0, 1e7)
"""Said backwards, a recording costs next to nothing the other way round."""


def heard(outcome: str, confidence: float, phrase: PhraseId | None = ASKED) -> PhraseFinding:
    """What a recogniser found."""
    parts = PARTS if outcome == "right" else ()
    return PhraseFinding(PhraseOutcome(outcome), phrase, confidence, parts)


SURELY = heard("right", 0.99)
BARELY = heard("right", 0.11)
DOUBTFUL = heard("unsure", 0.09)
ANOTHER = heard("wrong", 0.9, OTHER)
NONE = heard("wrong", 0.98, None)
PERHAPS_ANOTHER = heard("unsure", 0.09, OTHER)


@pytest.mark.parametrize(
    ("recognised", "unlike", "outcome"),
    [
        (SURELY, ALIKE, "right"),
        (SURELY, UNLIKE, "right"),
        (BARELY, ALIKE, "right"),
        (BARELY, BETWEEN, "unsure"),
        (BARELY, UNLIKE, "wrong"),
        (DOUBTFUL, ALIKE, "right"),
        (DOUBTFUL, BETWEEN, "unsure"),
        (DOUBTFUL, UNLIKE, "wrong"),
        (ANOTHER, ALIKE, "unsure"),
        (ANOTHER, BETWEEN, "wrong"),
        (NONE, ALIKE, "unsure"),
        (NONE, UNLIKE, "wrong"),
        (PERHAPS_ANOTHER, ALIKE, "unsure"),
        (PERHAPS_ANOTHER, UNLIKE, "wrong"),
    ],
)
def test_both_are_weighed(
    recognised: PhraseFinding, unlike: float, outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Likeness helps what was heard, and alone makes nothing right; parts are of what is right."""
    monkeypatch.setattr("engine.phrase.voting.compared", lambda said, earlier: unlike)
    both = vote(ASKED, recognised, SAID, [SAID])
    assert both.outcome is PhraseOutcome(outcome)
    assert both.parts == (recognised.parts if outcome == "right" else ())
    assert 0.0 <= both.confidence <= 1.0


def test_without_recordings_the_recogniser_decides() -> None:
    """The same where there is too little sound to compare."""
    assert vote(ASKED, BARELY, SAID, []) == BARELY
    silent = frames(Utterance(np.zeros(16_000, np.float32)))
    assert vote(ASKED, BARELY, silent, [SAID]) == BARELY


def test_without_a_recogniser_the_recordings_decide() -> None:
    """In any language."""
    nobody = PhraseFinding(PhraseOutcome.UNCHECKED, None, 0.0)
    assert vote(ASKED, nobody, SAID, [SAID]).outcome is PhraseOutcome.RIGHT
    assert vote(ASKED, nobody, REVERSED, [SAID]).outcome is PhraseOutcome.WRONG
    assert vote(ASKED, nobody, SAID, []) == alike(SAID, [])


def test_a_recording_said_backwards_is_judged() -> None:
    """It is more unlike than anything else can be, and the recogniser as sure as it can be."""
    backwards = reversed_(SAID)
    assert (compared(backwards, [SAID]) or 0.0) > 1000
    assert vote(ASKED, heard("right", 1.0), backwards, [SAID]).outcome is PhraseOutcome.WRONG


def test_recordings_are_really_compared() -> None:
    """The same with noise helps, the reverse speaks against it."""
    again = frames(Utterance(upsample(voice(1.6) + noise(1.6, -65.0))))
    assert compared(again, [SAID]) is not None
    assert vote(ASKED, DOUBTFUL, again, [SAID]).outcome is PhraseOutcome.RIGHT
    assert vote(ASKED, BARELY, REVERSED, [SAID]).outcome is not PhraseOutcome.RIGHT


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0), UNLIKENESS, UNLIKENESS)
def test_more_evidence_never_makes_it_less_right(
    sure: float, surer: float, alike_: float, unlike: float
) -> None:
    """Neither a higher confidence nor a greater likeness."""
    with pytest.MonkeyPatch.context() as patch:

        def odds(confidence: float, likeness: float) -> tuple[bool, bool]:
            patch.setattr("engine.phrase.voting.compared", lambda said, earlier: likeness)
            outcome = vote(ASKED, heard("unsure", confidence), SAID, [SAID]).outcome
            return outcome is PhraseOutcome.RIGHT, outcome is not PhraseOutcome.WRONG

        more = odds(max(sure, surer), min(alike_, unlike))
        less = odds(min(sure, surer), max(alike_, unlike))
    assert more >= less
