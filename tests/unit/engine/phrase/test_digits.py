"""A challenge is unpredictable, easy to tell apart, and checked digit by digit."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import PassphraseFileError, RecogniserError
from engine.phrase import Challenge, draw_challenge, recognise_digits
from engine.phrase.digits import CONFUSED, edits
from engine.types import Locale, PhraseOutcome, Utterance

DIGITS = st.text("0123456789", max_size=8)


@given(st.integers(1, 12), st.integers())
def test_no_digit_stands_beside_itself_or_one_that_sounds_like_it(length: int, seed: int) -> None:
    """And there are as many as were wanted; the same seed draws the same."""
    challenge = draw_challenge(length, Random(seed))
    assert challenge == draw_challenge(length, Random(seed))
    assert len(challenge.digits) == length
    for pair in pairwise(challenge.digits):
        assert len(set(pair)) == 2
        assert frozenset(pair) not in CONFUSED


@pytest.mark.parametrize("digits", ["", "12a", "١٢"])
def test_a_challenge_is_made_of_digits(digits: str) -> None:
    """Nothing else can be asked for."""
    with pytest.raises(ValueError, match="digits 0 to 9"):
        Challenge(digits)


@given(DIGITS, DIGITS)
def test_edits_are_a_distance(a: str, b: str) -> None:
    """None between equals; as many one way as the other; no more than the longer has digits."""
    assert (edits(a, b) == 0) == (a == b)
    assert edits(a, b) == edits(b, a)
    assert abs(len(a) - len(b)) <= edits(a, b) <= max(len(a), len(b))


@pytest.mark.parametrize("count", [0, 1, 8000])
def test_silence_is_not_right(count: int) -> None:
    """It was not said: it can be asked again."""
    finding = recognise_digits(Utterance(np.zeros(count, np.float32)), Challenge("4711"))
    assert finding.outcome is PhraseOutcome.UNSURE
    assert finding.heard is None


def test_a_locale_without_digits_says_so() -> None:
    """Rather than finding everything wrong."""
    with pytest.raises((RecogniserError, PassphraseFileError)):
        recognise_digits(Utterance(np.zeros(100, np.float32)), Challenge("1"), Locale("xx-XX"))
