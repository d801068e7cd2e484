"""How callers also say a passphrase: after other words, begun twice, broken off, a word wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Final

import numpy as np

from engine.evaluation.said import Said
from engine.phrase import PhraseList
from engine.types import ENGINE_RATE_HZ, PhraseId, Utterance

AFTER_OTHERS: Final = "right phrase after other words (0.8 s)"
TWICE: Final = "right phrase, said twice"
BEGUN_TWICE: Final = "right phrase, begun twice"
BROKEN_OFF: Final = "broken off at 60 % of it"
EXCHANGED: Final = "another phrase, by one word"

_OTHERS: Final = round(0.8 * ENGINE_RATE_HZ)
_PAUSE: Final = np.zeros(round(0.2 * ENGINE_RATE_HZ), np.float32)
_BEGUN, _BROKEN_OFF = 0.4, 0.6
"""Shares of the recording."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to say the phrase that is asked for."""

    kind: str
    phrases: PhraseList
    utterance: Utterance


def ways(said: Said, own: Utterance, other: Utterance, random: Random) -> Iterator[Way]:
    """Say a phrase in each way; `other` is different speech, the same person's if there is some."""
    whole, others = own.samples, other.samples
    begun, middle = whole[: round(_BEGUN * len(whole))], len(others) // 4
    pieces = {
        AFTER_OTHERS: [others[middle : middle + _OTHERS], _PAUSE, whole],
        TWICE: [whole, _PAUSE, whole],
        BEGUN_TWICE: [begun, _PAUSE, whole],
        BROKEN_OFF: [whole[: round(_BROKEN_OFF * len(whole))]],
    }
    for kind, each in pieces.items():
        yield Way(kind, said.phrases, Utterance(np.concatenate(each)))
    if said.phrase is not None:
        yield Way(EXCHANGED, exchanged(said.phrases, said.phrase, random), own)


def exchanged(phrases: PhraseList, asked: PhraseId, random: Random) -> PhraseList:
    """Return the list with a word of one phrase, drawn, exchanged for one of another's."""
    phrase = phrases.passphrase(asked)
    others = {word for each in phrases.phrases.values() for word in each.words}
    words, place = list(phrase.words), random.randrange(len(phrase.words))
    words[place] = random.choice(sorted(others - set(words)))
    changed = replace(phrase, text=" ".join(words))
    return replace(phrases, phrases={**phrases.phrases, asked: changed})


def with_another_word(said: Iterable[Said], random: Random) -> Iterator[Said]:
    """Say each string with one word, drawn, exchanged for another of the same call.

    What is said then is not the phrase, which is still the one that is asked for.
    """
    listed = [each for each in said if each.phrase is not None]
    of_call: dict[tuple[str, str], set[str]] = {}
    for each in listed:
        of_call.setdefault((each.speaker, each.call), set()).update(each.members)
    for each in listed:
        if others := sorted(of_call[each.speaker, each.call] - set(each.members)):
            members, place = list(each.members), random.randrange(len(each.members))
            members[place] = random.choice(others)
            yield replace(each, members=tuple(members))
