"""A challenge of random digits, and whether the caller repeated it, digit by digit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Final

from engine.audio.pcm import to_int
from engine.errors import RecogniserError
from engine.phrase.decoders import PHONE_LOOP, Piece, Pool, word
from engine.phrase.decoding import Decoding
from engine.phrase.evidence import weighed
from engine.phrase.lexicon import pronunciations
from engine.phrase.passphrases import DIGITS, PhraseList, load_phrases
from engine.types import ENGINE_RATE_HZ, Locale, PhraseFinding, PhraseId, PhraseOutcome, Utterance

EN_US: Final = Locale("en-US")
LONGEST_S: Final = 30.0
CONFUSED: Final = frozenset({frozenset("59"), frozenset("04")})
"""Pairs that are mistaken for each other: they do not stand side by side in a challenge."""

_LONGEST: Final = round(LONGEST_S * ENGINE_RATE_HZ)
_DIGITS: Final = PhraseId("digits")
_CLEAR: Final = -4.0
"""Log likelihood ratio per frame, in nats, below which what was heard may be no digits at all."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """Digits to be repeated in order."""

    digits: str

    def __post_init__(self) -> None:
        """Raise `ValueError` unless they are digits, and at least one."""
        if not self.digits or not set(self.digits) <= set(DIGITS):
            raise ValueError(f"a challenge is made of the digits 0 to 9, not {self.digits!r}")


def draw_challenge(length: int, random: Random) -> Challenge:
    """Draw `length` digits, 1 or more: none twice in a row, and no confused pair side by side.

    Hand in `secrets.SystemRandom()` where an attacker must not guess them.
    """
    if length < 1:
        raise ValueError(f"a challenge has one digit or more, not {length}")
    drawn = random.choice(DIGITS)
    while len(drawn) < length:
        drawn += random.choice([each for each in DIGITS if _distinct(drawn[-1], each)])
    return Challenge(drawn)


def recognise_digits(
    utterance: Utterance, challenge: Challenge, locale: Locale = EN_US
) -> PhraseFinding:
    """Say whether the digits were said, all of them, in order and nothing else; `heard` is None.

    RIGHT for exactly these; UNSURE where one digit differs, is missing or is too many, or nothing
    clear was said; else WRONG. `RecogniserError` where the locale has no recogniser or no digits.
    """
    return compared(*hear_digits(utterance, locale), challenge)


def compared(digits: str, clearness: float, challenge: Challenge) -> PhraseFinding:
    """Judge what `hear_digits` heard, as `recognise_digits` says."""
    errors = edits(digits, challenge.digits)
    if clearness < _CLEAR or errors == 1:
        return PhraseFinding(PhraseOutcome.UNSURE, None, 0.5)
    outcome = PhraseOutcome.WRONG if errors else PhraseOutcome.RIGHT
    return PhraseFinding(outcome, None, min(1.0, max(0.5, 1.0 + clearness / 10)))


def hear_digits(utterance: Utterance, locale: Locale) -> tuple[str, float]:
    """Return the digits heard, and how clearly: nats per frame against any phones, below 0."""
    pools, values = _digit_pools(locale)
    listed, loop = Decoding(pools, to_int(utterance.samples[:_LONGEST])).finish()
    spoken = [values[word(each)] for each in listed if each.spoken]
    return "".join(spoken), _clearness(listed, loop)


def edits(heard: str, wanted: str) -> int:
    """Return the fewest digits to change, leave out or put in (Levenshtein, 1966)."""
    row = list(range(len(wanted) + 1))
    for count, digit in enumerate(heard, 1):
        above, row = row, [count]
        for place, other in enumerate(wanted):
            kept = above[place] + (digit != other)
            row.append(min(kept, above[place + 1] + 1, row[place] + 1))
    return row[-1]


def _distinct(before: str, after: str) -> bool:
    pair = frozenset(before + after)
    return len(pair) == 2 and pair not in CONFUSED


def _clearness(listed: Sequence[Piece], loop: Sequence[Piece]) -> float:
    evidence = weighed(_DIGITS, listed, loop)
    return evidence.mean if evidence.heard else -100.0


@cache
def _digit_pools(locale: Locale) -> tuple[tuple[Pool, Pool], dict[str, str]]:
    """Make the decoders of a locale once: a loop of digits, and a loop of phones."""
    phrases = load_phrases(locale)
    if phrases.recogniser is None or not phrases.digits:
        raise RecogniserError(f"no recogniser knows the digits of {locale}: ask for a passphrase")
    values = {
        each: digit for digit, said in zip(DIGITS, phrases.digits, strict=True) for each in said
    }
    said = pronunciations(values, phrases.pronunciations)
    return (Pool(said, _grammar(phrases), rescored=True), Pool(PHONE_LOOP, None)), values


def _grammar(phrases: PhraseList) -> str:
    words = " | ".join(each for said in phrases.digits for each in said)
    return f"#JSGF V1.0; grammar digits; public <wanted> = ( {words} )+;"
