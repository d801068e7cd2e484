"""What people of a corpus said, as passphrases: lists of ten made of their own words."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from random import Random

from engine.decision.known_words import phrases_of, spoken
from engine.evaluation.protocols import SENTENCES, WORDS
from engine.evaluation.recordings import Recording
from engine.phrase import PhraseList
from engine.types import PhraseId

LIST = 10
"""Phrases in a list, as in the one that comes along."""
_SEED = 1998
_DIGITS = dict(
    zip(
        ["zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
        "00123456789",
        strict=True,
    )
)
_FEWEST, _MOST = 4, 9
_TAKES_PER_CALL = 3
_PER_SPEAKER = 8


@dataclass(frozen=True, slots=True)
class Said:
    """One utterance for the phrase recogniser: recordings joined, and the phrase that they make."""

    speaker: str
    members: tuple[str, ...]
    phrases: PhraseList
    phrase: PhraseId | None
    """None for speech outside the list."""
    call: str = ""
    """Of the speaker's, where he made several."""


def telephone_strings(recordings: Iterable[Recording]) -> list[Said]:
    """Join three of the five words of a telephone call to phrases; free speech is its sentences."""
    found: dict[tuple[str, str], dict[str, Recording]] = defaultdict(dict)
    for each in recordings:
        found[each.call].setdefault(each.prompt, each)
    whole = {call: said for call, said in sorted(found.items()) if set(WORDS) <= set(said)}
    if not whole:
        return []
    texts = {prompt: each.text for said in whole.values() for prompt, each in said.items()}
    orders = _orders()
    listed = [" ".join(texts[word] for word in order) for order in orders]
    phrases = phrase_list(listed)
    random = Random(_SEED)
    return [each for said in whole.values() for each in _of_call(said, orders, phrases, random)]


def sentences(recordings: Iterable[Recording], known: frozenset[str]) -> list[Said]:
    """Take read sentences of 4 to 9 known words, ten of them a list; each is free for the next."""
    random = Random(_SEED)
    chosen = _chosen(recordings, known, random)
    groups = [chosen[k : k + LIST] for k in range(0, len(chosen) - LIST + 1, LIST)]
    lists = [phrase_list([" ".join(words(each.text)) for each in group]) for group in groups]
    return [each for k in range(len(lists)) for each in _of_list(groups[k], lists[k], lists[k - 1])]


def digit_strings(recordings: Iterable[Recording]) -> list[tuple[Recording, str]]:
    """Return the recordings of nothing but three digits or more, with these digits."""
    spoken = [(each, words(each.text)) for each in recordings]
    return [
        (each, "".join(_DIGITS[word] for word in said))
        for each, said in spoken
        if len(said) > 2 and set(said) <= set(_DIGITS)
    ]


def of_the_reported(numbers: Sequence[Recording]) -> list[Recording]:
    """Keep what the reported half of those who say digits recorded: nothing learnt from them."""
    reported = halves(each.speaker for each, _ in digit_strings(numbers))[1]
    return [each for each in numbers if each.speaker in reported]


def phrase_list(texts: Sequence[str]) -> PhraseList:
    """Make a list of texts whose ids are their words with hyphens between."""
    return phrases_of({PhraseId(re.sub("[^a-z0-9]+", "-", text)): text for text in texts})


def words(text: str) -> list[str]:
    """Return the words of a text in lower case, without punctuation."""
    return spoken(text).split()


def halves(speakers: Iterable[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Split speakers into those to tune on and those to report on, the same every time."""
    ordered = sorted(set(speakers))
    Random(_SEED).shuffle(ordered)
    middle = len(ordered) // 2
    return frozenset(ordered[:middle]), frozenset(ordered[middle:])


def _orders() -> list[tuple[str, ...]]:
    """Ten orders of three words, of which no two agree in more than one place."""
    every = list(permutations(WORDS, 3))
    Random(1).shuffle(every)
    kept: list[tuple[str, ...]] = []
    for order in every:
        if all(sum(a == b for a, b in zip(order, other, strict=True)) < 2 for other in kept):
            kept.append(order)
    return kept[:LIST]


def _of_call(
    said: dict[str, Recording], orders: list[tuple[str, ...]], phrases: PhraseList, random: Random
) -> Iterator[Said]:
    ids = list(phrases.phrases)
    speaker, call = said[WORDS[0]].call
    for k in random.sample(range(len(orders)), _TAKES_PER_CALL):
        members = tuple(said[word].member for word in orders[k])
        yield Said(speaker, members, phrases, ids[k], call)
    for prompt in sorted(set(SENTENCES) & set(said)):
        yield Said(speaker, (said[prompt].member,), phrases, None, call)


def _chosen(
    recordings: Iterable[Recording], known: frozenset[str], random: Random
) -> list[Recording]:
    """Some sentences of every speaker, no text twice, in a drawn order."""
    of_one: dict[str, dict[str, Recording]] = defaultdict(dict)
    seen: set[str] = set()
    for each in recordings:
        said = words(each.text)
        text = " ".join(said)
        fits = _FEWEST <= len(said) <= _MOST and set(said) <= known and text not in seen
        if fits and len(of_one[each.speaker]) < _PER_SPEAKER:
            seen.add(text)
            of_one[each.speaker][text] = each
    chosen = [each for said in of_one.values() for each in said.values()]
    random.shuffle(chosen)
    return chosen


def _of_list(group: Sequence[Recording], own: PhraseList, other: PhraseList) -> Iterator[Said]:
    for each, name in zip(group, own.phrases, strict=True):
        yield Said(each.speaker, (each.member,), own, name)
        yield Said(each.speaker, (each.member,), other, None)
