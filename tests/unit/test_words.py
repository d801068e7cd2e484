"""The words of a call: which languages are recognised, and what is done in the others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.audio import to_engine_rate
from engine.types import Locale, PhraseId, PhraseOutcome, Utterance
from ivr.domain.passphrase import DEFAULT_PASSPHRASE
from ivr.lab import LabError
from ivr.lab.scenes import PHRASE
from ivr.lab.speech import synthetic
from ivr.ports import Wanted
from ivr.words import Words

EN_US, NOWHERE = Locale("en-US"), Locale("xx-XX")
WANTED = Wanted(b"k" * 32, EN_US, phrase=DEFAULT_PASSPHRASE)
OTHER = "Thunder rolled over the quiet valley."


def said(text: str, take: int) -> Utterance:
    """Return a rendered voice; skips where none can be rendered."""
    try:
        pcm = synthetic("slt").say(text, take)
    except LabError as lack:
        pytest.skip(f"no synthesiser: {lack}")
    return Utterance(to_engine_rate(pcm.astype(np.float32) / np.float32(32_768), 8_000))


@pytest.fixture(scope="module")
def words() -> Words:
    """The words of a language that is known, and of one that is not."""
    return Words.load([EN_US, NOWHERE])


def test_the_phrase_is_told_from_another(words: Words) -> None:
    """The recogniser's languages need no earlier recording."""
    finding, made = words.phrase(said(PHRASE, 40), WANTED)
    assert finding.outcome is PhraseOutcome.RIGHT
    assert made
    finding, _ = words.phrase(said(OTHER, 41), WANTED)
    assert finding.outcome is PhraseOutcome.WRONG


def test_an_unknown_language_is_compared_with_the_persons_recordings(words: Words) -> None:
    """Without any there is nothing to say."""
    unknown = replace(WANTED, locale=NOWHERE)
    nothing, first = words.phrase(said(PHRASE, 42), unknown)
    assert nothing.outcome is PhraseOutcome.UNCHECKED
    _, second = words.phrase(said(PHRASE, 43), unknown)
    known = replace(unknown, frames=(first, second))
    assert words.phrase(said(PHRASE, 44), known)[0].outcome is PhraseOutcome.RIGHT
    assert words.phrase(said(OTHER, 45), known)[0].outcome is not PhraseOutcome.RIGHT


def test_a_phrase_of_ones_own_is_compared_too(words: Words) -> None:
    """A prompt that no list names can be asked for all the same."""
    own = replace(WANTED, phrase=PhraseId("of-our-own"))
    assert words.phrase(said(PHRASE, 46), own)[0].outcome is PhraseOutcome.UNCHECKED


def test_digits_are_recognised_where_they_are_known(words: Words) -> None:
    """In order; in an unknown language nothing is claimed."""
    spoken = said("three, one, four, one, six, two", 47)
    wanted = replace(WANTED, phrase=None, digits="314162")
    assert words.digits(spoken, wanted).outcome is PhraseOutcome.RIGHT
    other = words.digits(spoken, replace(wanted, digits="271828"))
    assert other.outcome is PhraseOutcome.WRONG
    unknown = words.digits(spoken, replace(wanted, locale=NOWHERE))
    assert unknown.outcome is PhraseOutcome.UNCHECKED
