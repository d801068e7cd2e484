"""A challenge of random digits, and whether the caller repeated it, digit by digit."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Final

from engine.audio.pcm import to_int
from engine.errors import RecogniserError
from engine.phrase.decoders import PHONE_LOOP, Piece, Pool
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
_AHEAD_OF_NEAR: Final = -15.0
"""Nats by which a rival one digit away may fit better: breath and noise make a digit now and then.
"""
_BEHIND_ANY: Final = -100.0
"""Nats by which any other digits may fit better; beyond it, these were not said."""
_SURE: Final = 50.0
"""Nats more than that lead, and there is no doubt left."""


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

    UNSURE where they are near, or nothing clear was said. `RecogniserError` where the locale has no
    recogniser or no digits.
    """
    return judged(*weigh_digits(utterance, [challenge], locale))


@dataclass(frozen=True, slots=True)
class DigitEvidence:
    """How well a challenge's digits fit what was said, in nats over the whole utterance."""

    against_near: float
    """Against the best of all strings that differ in one digit, or have one too many or too few."""
    against_any: float
    """Against the best string of any digits."""
    clearness: float
    """How much any digits are like what was said, per frame, against any phones: below 0."""


NO_DIGITS: Final = DigitEvidence(-math.inf, -math.inf, -math.inf)
"""Where the digits cannot be laid over the audio at all."""


def weigh_digits(
    utterance: Utterance, challenges: Sequence[Challenge], locale: Locale
) -> list[DigitEvidence]:
    """Lay challenges over one utterance; `RecogniserError` as `recognise_digits`."""
    known = _digits_of(locale)
    own = [pool for each in challenges for pool in known.pools(each.digits)]
    decoding = Decoding(
        [known.any_digits, known.any_phones, *own], to_int(utterance.samples[:_LONGEST])
    )
    loop, phones, *paths = decoding.finish()
    return [
        _evidence(asked, near, loop, phones)
        for asked, near in zip(paths[::2], paths[1::2], strict=True)
    ]


def judged(evidence: DigitEvidence) -> PhraseFinding:
    """Judge a challenge by what it was against its rivals."""
    clear, near = evidence.clearness >= _CLEAR, evidence.against_near >= _AHEAD_OF_NEAR
    possible = evidence.against_any >= _BEHIND_ANY
    if clear and evidence.against_any < _BEHIND_ANY:
        return PhraseFinding(PhraseOutcome.WRONG, None, 1.0)
    if not (clear and near and possible):
        return PhraseFinding(PhraseOutcome.UNSURE, None, 0.5)
    lead = min(1.0, (evidence.against_near - _AHEAD_OF_NEAR) / _SURE)
    return PhraseFinding(PhraseOutcome.RIGHT, None, 0.5 + 0.5 * lead)


def _evidence(
    asked: Sequence[Piece], near: Sequence[Piece], loop: Sequence[Piece], phones: Sequence[Piece]
) -> DigitEvidence:
    if not asked:
        return NO_DIGITS
    own = _total(asked)
    return DigitEvidence(
        against_near=own - _total(near) if near else math.inf,
        against_any=own - _total(loop) if loop else math.inf,
        clearness=weighed(_DIGITS, loop, phones).mean if loop and phones else -math.inf,
    )


def _total(path: Sequence[Piece]) -> float:
    return sum(each.score for each in path)


def _distinct(before: str, after: str) -> bool:
    pair = frozenset(before + after)
    return len(pair) == 2 and pair not in CONFUSED


class _Digits:
    """The words of a locale's digits, and what decodes them."""

    def __init__(self, phrases: PhraseList) -> None:
        self._words = [" | ".join(said) for said in phrases.digits]
        words = {word for said in phrases.digits for word in said}
        self._said = pronunciations(words, phrases.pronunciations)
        self.any_digits = self._pool(f"( {self._one(DIGITS)} )+")
        self.any_phones = Pool(PHONE_LOOP, None, comparable=True)

    def pools(self, digits: str) -> tuple[Pool, Pool]:
        """Make decoders of these digits, and of all strings one digit away."""
        near = [self._string(each) for each in neighbours(digits)]
        asked = self._string([frozenset(digit) for digit in digits])
        return self._pool(asked), self._pool(" | ".join(f"( {each} )" for each in near))

    def _string(self, places: Iterable[Collection[str]]) -> str:
        return " ".join(f"( {self._one(each)} )" for each in places)

    def _one(self, digits: Collection[str]) -> str:
        return " | ".join(self._words[int(digit)] for digit in sorted(digits))

    def _pool(self, wanted: str) -> Pool:
        grammar = f"#JSGF V1.0; grammar digits; public <wanted> = {wanted};"
        return Pool(self._said, grammar, comparable=True)


def neighbours(digits: str) -> list[list[frozenset[str]]]:
    """Return all strings one digit away, as the digits that may stand in each place.

    One differs, is missing (if one is left), or is too many.
    """
    own, every = [frozenset(digit) for digit in digits], frozenset(DIGITS)
    places = range(len(own))
    changed = [[*own[:k], every - own[k], *own[k + 1 :]] for k in places]
    missing = [[*own[:k], *own[k + 1 :]] for k in places if len(own) > 1]
    added = [[*own[:k], every, *own[k:]] for k in range(len(own) + 1)]
    return [*changed, *missing, *added]


@cache
def _digits_of(locale: Locale) -> _Digits:
    phrases = load_phrases(locale)
    if phrases.recogniser is None or not phrases.digits:
        raise RecogniserError(f"no recogniser knows the digits of {locale}: ask for a passphrase")
    return _Digits(phrases)
