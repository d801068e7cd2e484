"""How words are pronounced: the recogniser's dictionary, and what a locale adds to it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import pocketsphinx

from engine.errors import RecogniserError

PHONES = frozenset(
    [
        "AA",
        "AE",
        "AH",
        "AO",
        "AW",
        "AY",
        "B",
        "CH",
        "D",
        "DH",
        "EH",
        "ER",
        "EY",
        "F",
        "G",
        "HH",
        "IH",
        "IY",
        "JH",
        "K",
        "L",
        "M",
        "N",
        "NG",
        "OW",
        "OY",
        "P",
        "R",
        "S",
        "SH",
        "T",
        "TH",
        "UH",
        "UW",
        "V",
        "W",
        "Y",
        "Z",
        "ZH",
    ]
)
"""The phones of the CMU dictionary, without stress."""
_VOWELS = {phone for phone in PHONES if phone[0] in "AEIOU"}
_WEAK_VOWELS = {"AH", "ER", "IH", "IY", "OW"}
"""Or so they may be: the dictionary does not say where the stress is."""


def pronunciations(
    words: Iterable[str], own: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """Return for each word its pronunciations, its own ones before the dictionary's.

    Behind them come those of the same with each T between vowels as Americans say it, a quick D.
    `RecogniserError` for a word without any, and for phones that the recogniser does not have.
    """
    wanted = sorted(set(words))
    for word in wanted:
        _check(word, own.get(word, ()))
    found = {word: own.get(word) or _dictionary().get(word, ()) for word in wanted}
    if missing := [word for word, said in found.items() if not said]:
        raise RecogniserError(
            f"no pronunciation of {', '.join(missing)}: give one under [pronunciations] in the"
            " locale's files, in the phones of the CMU dictionary"
        )
    return {word: (*said, *_flapped(said)) for word, said in found.items()}


def _flapped(said: tuple[str, ...]) -> list[str]:
    """Return what becomes of pronunciations by flapping, of those with a T between vowels."""
    found, before = [], {*_VOWELS, "R"}
    for phones in (each.split() for each in said):
        for k in range(1, len(phones) - 1):
            if phones[k] == "T" and phones[k - 1] in before and phones[k + 1] in _WEAK_VOWELS:
                phones[k] = "D"
        found.append(" ".join(phones))
    return [each for each in dict.fromkeys(found) if each not in said]


def _check(word: str, said: Iterable[str]) -> None:
    for phones in said:
        if unknown := set(phones.split()) - PHONES:
            raise RecogniserError(
                f"the pronunciation of {word} has the phones {', '.join(sorted(unknown))}, which"
                f" the recogniser lacks: it has {' '.join(sorted(PHONES))}"
            )


def known_words() -> frozenset[str]:
    """Return the words of the dictionary, in lower case."""
    return frozenset(_dictionary())


@cache
def _dictionary() -> dict[str, tuple[str, ...]]:
    """Read the whole dictionary once: 0.2 s and 30 MB."""
    found: dict[str, tuple[str, ...]] = {}
    for line in dictionary_file().read_text("utf-8").splitlines():
        word, _, phones = line.partition(" ")
        name = word.partition("(")[0]
        found[name] = (*found.get(name, ()), " ".join(phones.split()))
    return found


def dictionary_file() -> Path:
    """Where the dictionary lies that comes with PocketSphinx."""
    return Path(pocketsphinx.get_model_path("en-us/cmudict-en-us.dict"))
