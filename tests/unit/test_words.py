"""The words of a call: which languages are recognised, and what is done in the others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from msgspec import ValidationError, convert

from engine.audio import Listener
from engine.errors import PassphraseFileError
from engine.phrase.recogniser import LONGEST_S
from engine.types import Locale, PhraseFinding, PhraseId, PhraseOutcome, Utterance
from engine.voice.windows import LONGEST_PHRASE_S
from ivr.domain.passphrase import DEFAULT_PASSPHRASE
from ivr.lab import LabError
from ivr.lab.scenes import PHRASE
from ivr.lab.speech import synthetic
from ivr.ports import Wanted
from ivr.settings import Listening
from ivr.words import Words

EN_US, NOWHERE = Locale("en-US"), Locale("xx-XX")
WANTED = Wanted(b"k" * 32, EN_US, phrase=DEFAULT_PASSPHRASE)
NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
OWN = "the old clock tells the right time"
ENGLISH = "\n".join(
    [
        'recogniser = "en-us"',
        "[passphrases]",
        "british = 'my voice is british'",
        "[digits]",
        *(f"{digit} = ['{word}']" for digit, word in enumerate(NUMBERS)),
    ]
)
OTHER = "Thunder rolled over the quiet valley."


def said(text: str, take: int, voice: str = "rms") -> Utterance:
    """Return what is heard of a rendered voice; skips where none can be rendered."""
    try:
        pcm = synthetic(voice).say(text, take)
    except LabError as lack:
        pytest.skip(f"no synthesiser: {lack}")
    listener = Listener()
    listener.push(np.concatenate([pcm, np.zeros(8_000, np.int16)]))
    return listener.utterance()


def with_words(folder: Path, locale: str, text: str) -> None:
    """Write a locale's own file."""
    (folder / locale).mkdir(exist_ok=True)
    (folder / locale / "own.toml").write_text(text)


@pytest.fixture(scope="module")
def words() -> Words:
    """The words of a language that is known, and of one that is not."""
    return Words.load([EN_US, NOWHERE])


def recognised(words: Words, utterance: Utterance, wanted: Wanted) -> tuple[PhraseFinding, bytes]:
    """Recognise the phrase and compare it with the person's recordings."""
    finding = words.recognised(utterance, wanted.locale, wanted.phrase)
    return words.phrase(utterance, wanted, finding)


def test_no_utterance_is_longer_than_what_is_recognised() -> None:
    """The longest that may be configured is listened to till its end, and nothing longer may be."""
    longest = convert({"longest_s": LONGEST_S}, Listening)
    assert longest.longest_s == LONGEST_S == LONGEST_PHRASE_S
    with pytest.raises(ValidationError):
        convert({"longest_s": LONGEST_S + 0.1}, Listening)


def test_the_phrase_is_told_from_another(words: Words) -> None:
    """The recogniser's languages need no earlier recording."""
    finding, made = recognised(words, said(PHRASE, 40), WANTED)
    assert finding.outcome is PhraseOutcome.RIGHT
    assert made
    finding, _ = recognised(words, said(OTHER, 41), WANTED)
    assert finding.outcome is PhraseOutcome.WRONG


@pytest.mark.parametrize("voice", ["slt", "awb"])
def test_a_beep_before_the_phrase_is_not_what_the_line_sounds_like(
    words: Words, voice: str
) -> None:
    """The more is said, the better the line is known: nothing that came first stays its measure."""
    beep = 0.25 * np.sin(2 * np.pi * 425 * np.arange(6_400) / 16_000)
    before = np.concatenate([beep, np.zeros(19_200)]).astype(np.float32)
    phrase = said(PHRASE, 0, voice).samples
    finding = words.recognised(
        Utterance(np.concatenate([before, phrase])), WANTED.locale, WANTED.phrase
    )
    assert finding.outcome is PhraseOutcome.RIGHT
    assert finding.confidence > 0.75


def test_an_unknown_language_is_compared_with_the_persons_recordings(words: Words) -> None:
    """Without any there is nothing to say."""
    unknown = replace(WANTED, locale=NOWHERE)
    nothing, first = recognised(words, said(PHRASE, 42), unknown)
    assert nothing.outcome is PhraseOutcome.UNCHECKED
    _, second = recognised(words, said(PHRASE, 43), unknown)
    known = replace(unknown, frames=(first, second))
    assert recognised(words, said(PHRASE, 44), known)[0].outcome is PhraseOutcome.RIGHT
    assert recognised(words, said(OTHER, 45), known)[0].outcome is not PhraseOutcome.RIGHT


@pytest.mark.parametrize("tag", ["en-us", "EN-US", "en", "en-GB"])
def test_a_locale_that_is_written_otherwise_is_listened_to(words: Words, tag: str) -> None:
    """Nobody enrolls with any words because a program wrote the locale in its own way."""
    assert words.recognises(tag)
    meant = replace(WANTED, locale=Locale(tag))
    assert recognised(words, said(OTHER, 49), meant)[0].outcome is PhraseOutcome.WRONG
    assert words.digit_listener(replace(meant, phrase=None, digits="12")) is not None


def test_a_phrase_of_ones_own_is_compared_too(words: Words) -> None:
    """A prompt that no list names can be asked for all the same."""
    own = replace(WANTED, phrase=PhraseId("of-our-own"))
    assert recognised(words, said(PHRASE, 46), own)[0].outcome is PhraseOutcome.UNCHECKED


def test_phrases_of_ones_own_are_recognised_beside_the_others(tmp_path: Path) -> None:
    """From a folder; so are the digits of a locale of its own. A broken file is refused."""
    with_words(tmp_path, "en-US", f"[passphrases]\nclock = '{OWN}'\n")
    with_words(tmp_path, "en-GB", ENGLISH)
    words = Words.load([EN_US, "en-GB"], tmp_path)
    own = replace(WANTED, phrase=PhraseId("clock"))
    assert recognised(words, said(OWN, 47), own)[0].outcome is PhraseOutcome.RIGHT
    assert recognised(words, said(PHRASE, 48), WANTED)[0].outcome is PhraseOutcome.RIGHT
    asked = replace(WANTED, locale=Locale("en-GB"), phrase=None, digits="12")
    listener = words.digit_listener(asked)
    assert listener is not None
    listener.push(said("one two", 6, "slt").samples)
    assert listener.finding().outcome is PhraseOutcome.RIGHT
    with_words(tmp_path, "en-GB", "[passphrases]\nbroken")
    with pytest.raises(PassphraseFileError, match=r"en-GB/own\.toml is not valid TOML"):
        Words.load([EN_US, "en-GB"], tmp_path)


def test_digits_are_checked_where_they_are_known(words: Words) -> None:
    """Those that were said are right, others wrong; an unknown language has no ears for them."""
    spoken = said("three one four one six two", 5, "slt")
    for digits, outcome in (("314162", PhraseOutcome.RIGHT), ("271828", PhraseOutcome.WRONG)):
        wanted = replace(WANTED, phrase=None, digits=digits)
        listener = words.digit_listener(wanted)
        assert listener is not None
        listener.push(spoken.samples)
        assert listener.finding().outcome is outcome
        assert words.digit_listener(replace(wanted, locale=NOWHERE)) is None
    assert words.digit_listener(WANTED) is None
