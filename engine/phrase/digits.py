"""A challenge of random digits, and whether the caller repeated it, digit by digit."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, Self

from engine.errors import RecogniserError
from engine.phrase.evidence import fit
from engine.phrase.lexicon import pronunciations
from engine.phrase.listening import Listening, Prepared, Trace
from engine.phrase.network import Network, Slots, any_phones, strings
from engine.phrase.passphrases import DIGITS, PhraseList
from engine.phrase.phones import phone_model
from engine.types import (
    ENGINE_RATE_HZ,
    PhraseFinding,
    PhraseOutcome,
    Samples,
)

LONGEST_S: Final = 30.0
CONFUSED: Final = frozenset({frozenset("59"), frozenset("04")})
"""Pairs that are mistaken for each other: they do not stand side by side in a challenge."""

_LONGEST: Final = round(LONGEST_S * ENGINE_RATE_HZ)
_CLEAR: Final = -0.7
"""Log likelihood ratio per frame, in nats, below which what was heard may be no digits at all."""
_AHEAD_OF_NEAR: Final = -18.0
"""Nats by which a rival one digit away may fit better: breath and noise make a digit now and then.
On half of the speakers of an4, rivals of right digits led by 17 at most; of all digits with one
changed, in any place, 5 % led by less."""
_BEHIND_ANY: Final = -25.0
"""Nats by which any other digits may fit better, there 20 at most; beyond it, these were not said.
"""
_SURE: Final = 18.0
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


class DigitListener:
    """Follows what one caller says, piece by piece, for the digits of some challenges.

    One thread at a time. What it finds depends on the audio alone.
    """

    def __init__(self, known: Digits, challenges: Sequence[Challenge]) -> None:
        """Lay out the challenges in the words of a locale."""
        own = [network for each in challenges for network in known.networks(each.digits)]
        prepared = Prepared.of(known.any_digits, known.any_phones, *own)
        self._listening = Listening(prepared, _LONGEST)

    def push(self, samples: Samples) -> None:
        """Take the next samples, float32 `[n]` at 16 kHz of any length, and follow them.

        `AudioError` for anything but a vector of finite floats.
        """
        self._listening.push(samples)

    def evidence(self) -> list[DigitEvidence]:
        """Say of each challenge how well it fits what was heard so far."""
        (loop,), (phones,), *rest = self._listening.traces()
        return [
            _evidence(asked, near, loop, phones)
            for (asked,), near in zip(rest[::2], rest[1::2], strict=True)
        ]

    def finding(self) -> PhraseFinding:
        """Say whether the digits of the first challenge were said, in order and nothing else.

        UNSURE where they are near, or nothing clear was said; `heard` is None.
        """
        return judged(self.evidence()[0])


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


def _evidence(asked: Trace, near: Sequence[Trace], loop: Trace, phones: Trace) -> DigitEvidence:
    if not math.isfinite(asked.score):
        return NO_DIGITS
    return DigitEvidence(
        against_near=asked.score - max(each.score for each in near),
        against_any=asked.score - loop.score,
        clearness=fit(loop, phones).ratio,
    )


def _distinct(before: str, after: str) -> bool:
    pair = frozenset(before + after)
    return len(pair) == 2 and pair not in CONFUSED


class Digits:
    """The words of a locale's digits, and what may be made of them. For any number of threads."""

    def __init__(self, phrases: PhraseList) -> None:
        """Lay out any digits; `RecogniserError` as `load`."""
        self._words = phrases.digits
        words = {word for said in phrases.digits for word in said}
        self._said = pronunciations(words, phrases.pronunciations)
        self.any_digits = self._network([self._slots([frozenset(DIGITS)])], again=True)
        self.any_phones = any_phones(phone_model())

    @classmethod
    def load(cls, phrases: PhraseList) -> Self:
        """Take a list's digits; `RecogniserError` where it has no recogniser or no digits."""
        if phrases.recogniser is None or not phrases.digits:
            raise RecogniserError(
                f"no recogniser knows the digits of {phrases.locale}: ask for a passphrase"
            )
        return cls(phrases)

    def networks(self, digits: str) -> tuple[Network, Network]:
        """Lay out these digits, and all strings one digit away."""
        asked = self._slots([frozenset(digit) for digit in digits])
        near = [self._slots(each) for each in neighbours(digits)]
        return self._network([asked]), self._network(near)

    def _slots(self, places: Iterable[Collection[str]]) -> Slots:
        return [{word for digit in each for word in self._words[int(digit)]} for each in places]

    def _network(self, wanted: Sequence[Slots], again: bool = False) -> Network:
        return strings(phone_model(), wanted, self._said, again=again)


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
