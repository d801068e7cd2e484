"""A challenge is unpredictable, easy to tell apart, and checked digit by digit."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise, product
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import RecogniserError
from engine.phrase import Challenge, DigitListener, Digits, PhraseList, draw_challenge
from engine.phrase.digits import CONFUSED, DigitEvidence, judged, neighbours
from engine.types import PhraseOutcome, Samples


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


@given(st.text("0123456789", min_size=1, max_size=4))
def test_neighbours_are_one_digit_away(digits: str) -> None:
    """Every string with one other, missing or added digit is a rival; the digits are none."""
    rivals = {"".join(each) for places in neighbours(digits) for each in product(*places)}
    changed = {
        digits[:k] + digit + digits[k + 1 :] for k in range(len(digits)) for digit in "0123456789"
    }
    missing = {digits[:k] + digits[k + 1 :] for k in range(len(digits))} - {""}
    added = {
        digits[:k] + digit + digits[k:] for k in range(len(digits) + 1) for digit in "0123456789"
    }
    assert rivals == (changed | missing | added) - {digits}


@pytest.mark.parametrize(
    ("near", "any_", "clear", "outcome"),
    [
        (10.0, 50.0, -0.2, "right"),
        (-10.0, -20.0, -0.6, "right"),
        (-40.0, -20.0, -0.2, "unsure"),
        (10.0, 50.0, -9.0, "unsure"),
        (-60.0, -300.0, -0.2, "wrong"),
        (math.inf, -math.inf, -0.2, "wrong"),
        (-math.inf, -math.inf, -math.inf, "unsure"),
        (math.nan, 0.0, -0.2, "unsure"),
    ],
)
def test_rivals_decide(near: float, any_: float, clear: float, outcome: str) -> None:
    """Right are digits that no other string clearly beats; never what is unclear or no number."""
    finding = judged(DigitEvidence(near, any_, clear))
    assert finding.outcome is PhraseOutcome(outcome)
    assert 0.5 <= finding.confidence <= 1.0


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(0),
        np.zeros(1),
        np.zeros(8000),
        np.full(8000, 0.5),
        np.where(np.arange(8000) // 40 % 2, 1.0, -1.0),
    ],
    ids=["none", "one sample", "silence", "DC", "square"],
)
def test_what_is_no_digit_is_not_right(listed: PhraseList, samples: Samples) -> None:
    """It was not said: it can be asked again."""
    listener = DigitListener(Digits.load(listed), [Challenge("4711")])
    listener.push(samples.astype(np.float32))
    finding = listener.finding()
    assert finding.outcome is not PhraseOutcome.RIGHT
    assert finding.heard is None
    assert 0.0 <= finding.confidence <= 1.0


@pytest.mark.parametrize("lack", [{"digits": ()}, {"recogniser": None}])
def test_a_locale_without_digits_says_so(listed: PhraseList, lack: dict[str, Any]) -> None:
    """Rather than finding everything wrong."""
    with pytest.raises(RecogniserError, match="no recogniser knows the digits of en-US"):
        Digits.load(replace(listed, **lack))
