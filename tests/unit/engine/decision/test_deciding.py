"""Everything a call brought becomes one verdict, with a reason and a sentence."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.decision.explanation import DIGITS, EN_US, PHRASES, SHORTCOMINGS, WORDS, explain
from engine.decision.operating_point import Basis, OperatingPoint
from engine.decision.policy import AttemptEvidence, decide
from engine.types import (
    Finding,
    Llr,
    Locale,
    PhraseFinding,
    PhraseOutcome,
    Quality,
    Reason,
    ReplayFinding,
    ReplayOutcome,
    Shortcoming,
    Verdict,
)

POINT = OperatingPoint(Llr(4.0), Basis.BOUND)
GOOD = Quality(3.0, 30.0, -20.0, 0.0)
MATCH = AttemptEvidence(Llr(6.5), quality=GOOD)
REPEAT = ReplayFinding(ReplayOutcome.REPEAT, 0.8, 0.0)


def said(outcome: PhraseOutcome) -> PhraseFinding:
    """A finding with this outcome."""
    return PhraseFinding(outcome, None, 0.9)


RIGHT = replace(MATCH, phrase=said(PhraseOutcome.RIGHT))
FINDINGS = st.builds(PhraseFinding, st.sampled_from(PhraseOutcome), st.none(), st.floats())
ATTEMPTS = st.builds(
    AttemptEvidence,
    llr=st.none() | st.floats().map(Llr),
    shortcoming=st.none() | st.sampled_from(Shortcoming),
    phrase=FINDINGS,
    digits=FINDINGS,
    replay=st.builds(ReplayFinding, st.sampled_from(ReplayOutcome), st.floats(), st.none()),
    quality=st.none() | st.builds(Quality, *[st.floats()] * 7, st.booleans()),
)


def test_a_judgement_explains_itself() -> None:
    """The sentence an agent reads: voice, words, line."""
    noisy = replace(RIGHT, quality=replace(GOOD, snr_db=8.0))
    found = decide([noisy], POINT)
    assert (found.verdict, found.reason) == (Verdict.ACCEPT, Reason.MATCH)
    assert found.explanation == "Voice matches strongly; phrase right; line noisy."


LEANING = replace(RIGHT, llr=Llr(2.0))
WRONG = replace(RIGHT, llr=Llr(6.5), phrase=said(PhraseOutcome.WRONG))


@pytest.mark.parametrize(
    ("attempts", "sentence"),
    [
        (
            [LEANING, WRONG],
            "Voice is similar, not enough to tell; the last attempt does not count; "
            "another phrase was said.",
        ),
        ([WRONG, LEANING], "Voice is similar, not enough to tell; phrase right."),
        (
            [LEANING, AttemptEvidence()],
            "Voice is similar, not enough to tell; the last attempt does not count.",
        ),
        ([WRONG, WRONG], "Voice not judged; another phrase was said."),
        ([LEANING, RIGHT], "Voice matches; phrase right."),
    ],
)
def test_words_that_do_not_belong_to_the_voice_are_told_apart_from_it(
    attempts: list[AttemptEvidence], sentence: str
) -> None:
    """The voice is that of all attempts that count, and the words are those of the last."""
    assert decide(attempts, POINT).explanation == sentence


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (PhraseOutcome.WRONG, "; another phrase was said; beginning or end cut off."),
        (PhraseOutcome.UNSURE, "; phrase not understood; beginning or end cut off."),
        (PhraseOutcome.RIGHT, "; phrase right."),
        (PhraseOutcome.UNCHECKED, "."),
    ],
)
def test_where_words_are_missing_the_sentence_says_why(outcome: PhraseOutcome, words: str) -> None:
    """What is cut off and right nevertheless is right; free speech may begin anywhere."""
    cut = replace(MATCH, phrase=said(outcome), quality=replace(GOOD, cut_off=True))
    found = decide([cut], POINT)
    assert found.explanation.endswith(words)
    assert (found.verdict is Verdict.ACCEPT) is not cut.cut_off


@given(st.lists(ATTEMPTS, max_size=3), st.booleans())
def test_accept_needs_everything(attempts: list[AttemptEvidence], watchlisted: bool) -> None:
    """Whatever the call brought, ACCEPT means finite evidence, fit speech, right words, no repeat.

    And there is always a verdict, a reason and a sentence.
    """
    found = decide(attempts, POINT, watchlisted=watchlisted)
    assert 0 <= found.confidence <= 100
    assert found.explanation.endswith(".")
    if found.verdict is Verdict.ACCEPT:
        assert not watchlisted
        assert all(each.computed for each in attempts)
        assert all(each.replay.outcome is not ReplayOutcome.REPEAT for each in attempts)
        counted = [each.llr for each in attempts if each.counts and each.llr is not None]
        assert math.fsum(counted) / len(counted) >= POINT.threshold


@pytest.mark.parametrize("attempts", [[], [AttemptEvidence()], [AttemptEvidence()] * 3])
def test_an_empty_policy_never_accepts(attempts: list[AttemptEvidence]) -> None:
    """Attempts that brought nothing are no evidence."""
    found = decide(attempts, POINT)
    assert (found.verdict, found.reason) == (Verdict.INCONCLUSIVE, Reason.NOT_ENOUGH_SPEECH)


@pytest.mark.parametrize("threshold", [math.nan, math.inf, -math.inf])
def test_a_threshold_that_is_no_number_accepts_nobody(threshold: float) -> None:
    """A broken operating point is our fault, not the caller's."""
    found = decide([MATCH], OperatingPoint(Llr(threshold), Basis.COSTS))
    assert (found.verdict, found.reason) == (Verdict.INCONCLUSIVE, Reason.UNAVAILABLE)


@pytest.mark.parametrize(
    "broken",
    [
        replace(MATCH, llr=Llr(math.nan)),
        replace(MATCH, quality=replace(GOOD, snr_db=math.nan)),
        replace(MATCH, phrase=PhraseFinding(PhraseOutcome.RIGHT, None, math.nan)),
        replace(MATCH, replay=ReplayFinding(ReplayOutcome.FRESH, math.nan, None)),
    ],
)
def test_one_number_that_is_none_spoils_the_call(broken: AttemptEvidence) -> None:
    """NaN anywhere, in any attempt: what cannot be computed cannot be believed."""
    found = decide([MATCH, broken, MATCH], POINT)
    assert (found.verdict, found.reason) == (Verdict.INCONCLUSIVE, Reason.UNAVAILABLE)
    assert Finding.NOT_COMPUTED in found.findings


def test_a_repeat_is_a_spoof_however_well_it_matches() -> None:
    """A recording matches best of all."""
    found = decide([replace(RIGHT, replay=REPEAT)], POINT, watchlisted=True)
    assert (found.verdict, found.reason) == (Verdict.REJECT, Reason.SPOOF_SUSPECTED)
    assert "an earlier recording was played" in found.explanation


def test_a_voice_of_the_watchlist_is_rejected() -> None:
    """Even where it is the person it claims to be."""
    found = decide([RIGHT], POINT, watchlisted=True)
    assert (found.verdict, found.reason) == (Verdict.REJECT, Reason.WATCHLISTED)


@pytest.mark.parametrize("outcome", [PhraseOutcome.WRONG, PhraseOutcome.UNSURE])
def test_other_words_are_no_evidence(outcome: PhraseOutcome) -> None:
    """They bring another try, and never an ACCEPT of their own; a right one afterwards counts."""
    wrong = replace(MATCH, phrase=said(outcome))
    found = decide([wrong], POINT)
    assert (found.verdict, found.reason) == (Verdict.INCONCLUSIVE, Reason.WRONG_PHRASE)
    assert found.unsure
    assert decide([wrong, RIGHT], POINT).verdict is Verdict.ACCEPT
    digits = replace(RIGHT, digits=said(outcome))
    assert decide([digits], POINT).reason is Reason.WRONG_PHRASE


@pytest.mark.parametrize("shortcoming", Shortcoming)
def test_speech_that_is_not_fit_is_no_evidence(shortcoming: Shortcoming) -> None:
    """Its reason stands in the record, and the explanation names it."""
    found = decide([replace(MATCH, shortcoming=shortcoming)], POINT)
    assert (found.verdict, found.reason) == (Verdict.INCONCLUSIVE, shortcoming.reason)
    assert SHORTCOMINGS[shortcoming] in found.findings


def test_every_locale_has_words_for_every_finding() -> None:
    """A finding without words would leave an agent with half a sentence."""
    for locale, words in WORDS.items():
        assert set(words) == set(Finding), locale
    assert {*PHRASES.values(), *DIGITS.values(), *SHORTCOMINGS.values()} <= set(Finding)


def test_a_locale_without_words_speaks_english() -> None:
    """Better than nothing."""
    found = (Finding.VOICE_MATCHES,)
    assert explain(found, Locale("xx-XX")) == explain(found, EN_US) == "Voice matches."
    assert explain(()) == ""
