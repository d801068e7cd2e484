"""The passphrases of a locale: read from its TOML files, checked, and refused with what to do."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final, Literal

import msgspec

from engine.errors import NoPassphrasesError, PassphraseFileError, UnknownPassphraseError
from engine.types import Locale, PhraseId

SHIPPED: Final = Path(__file__).with_name("locales")
"""The locales that come along: a folder each, with TOML files in it."""

DIGITS: Final = tuple("0123456789")

_Id = Annotated[str, msgspec.Meta(pattern="^[a-z0-9]+(-[a-z0-9]+)*$", max_length=64)]
_Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
_Word = Annotated[str, msgspec.Meta(pattern=r"^[^\s()<>|;=*+\[\]{}/\"\\]+$", max_length=64)]
_Phones = Annotated[str, msgspec.Meta(pattern="^[A-Z]+( [A-Z]+)*$", max_length=200)]
_FEWEST_WORDS, _MOST_WORDS = 2, 16


@dataclass(frozen=True, slots=True)
class Passphrase:
    """One sentence that a person can be asked to say."""

    id: PhraseId
    text: str
    """The words, lower case, with one space between."""
    pronunciations: Mapping[str, tuple[str, ...]]
    """Word to its pronunciations in the recogniser's phones, for words given some of their own."""

    @property
    def words(self) -> tuple[str, ...]:
        """The words, in order."""
        return tuple(self.text.split())


@dataclass(frozen=True, slots=True)
class PhraseList:
    """What can be asked for in one locale."""

    locale: Locale
    phrases: Mapping[PhraseId, Passphrase]
    digits: tuple[tuple[str, ...], ...]
    """For each digit from 0 to 9 the words that people say; empty where the locale has none."""
    pronunciations: Mapping[str, tuple[str, ...]]
    recogniser: Literal["en-us"] | None
    """Which recogniser knows the language; None where none does: `engine.phrase.alignment` then."""

    def passphrase(self, asked: PhraseId) -> Passphrase:
        """Return a phrase of the list; `UnknownPassphraseError` for any other."""
        try:
            return self.phrases[asked]
        except KeyError:
            raise UnknownPassphraseError(asked, self.locale) from None


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one file of a locale may say."""

    recogniser: Literal["en-us"] | None = None
    passphrases: dict[_Id, _Text] = {}
    digits: dict[Literal["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"], tuple[_Word, ...]] = {}
    pronunciations: dict[_Word, tuple[_Phones, ...]] = {}


def listed_locales(folder: Path | None = None) -> list[Locale]:
    """Return the locales that have passphrases: those that come along, and those below `folder`."""
    places = [SHIPPED, *([folder] if folder else [])]
    return [
        Locale(name)
        for name in sorted(
            {each.parent.name for place in places for each in place.glob("*/*.toml")}
        )
    ]


def load_phrases(locale: Locale, folder: Path | None = None) -> PhraseList:
    """Read a locale's passphrases: those that come along, and those below `folder`.

    `folder` holds a folder per locale, as `SHIPPED` does; what it has is added. All `*.toml` of a
    locale count, in the order of their names. `NoPassphrasesError` for a locale without files,
    `PassphraseFileError` for a broken one, a phrase given twice, or a digit without words.
    """
    places = [SHIPPED / locale, *([folder / locale] if folder else [])]
    files = [path for place in places for path in sorted(place.glob("*.toml"))]
    if not files:
        raise NoPassphrasesError(places[-1], f"has no *.toml: put the phrases of {locale} there")
    merged = _Merging(locale)
    for path in files:
        merged.add(path, _read(path))
    return merged.whole(places[-1])


def _read(path: Path) -> _File:
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), _File)
    except OSError as error:
        raise PassphraseFileError(path, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise PassphraseFileError(path, "is not UTF-8 text: save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise PassphraseFileError(path, f"is not valid TOML: {error}; mend that line") from error
    except msgspec.ValidationError as error:
        raise PassphraseFileError(path, f"is unfit: {error}; mend that key") from error


class _Merging:
    """The files of one locale, laid over each other."""

    def __init__(self, locale: Locale) -> None:
        self._locale = locale
        self._texts: dict[str, str] = {}
        self._digits: dict[str, tuple[str, ...]] = {}
        self._pronunciations: dict[str, tuple[str, ...]] = {}
        self._recogniser: Literal["en-us"] | None = None

    def add(self, path: Path, file: _File) -> None:
        for name, text in file.passphrases.items():
            self._add_phrase(path, name, " ".join(text.lower().split()))
        self._digits |= {digit: _lower(words) for digit, words in file.digits.items()}
        self._pronunciations |= {word.lower(): said for word, said in file.pronunciations.items()}
        self._recogniser = file.recogniser or self._recogniser

    def _add_phrase(self, path: Path, name: str, text: str) -> None:
        if name in self._texts:
            raise PassphraseFileError(path, f"gives {name} again: choose another name for it")
        if text in self._texts.values():
            raise PassphraseFileError(path, f"gives {name} the words of another: leave one out")
        _check_words(path, name, text)
        self._texts[name] = text

    def whole(self, place: Path) -> PhraseList:
        if not self._texts:
            raise PassphraseFileError(place, "has no [passphrases]: give at least one")
        if self._digits and (missing := set(DIGITS) - {d for d, w in self._digits.items() if w}):
            raise PassphraseFileError(
                place, f"lacks words for the digits {', '.join(sorted(missing))}: give all ten"
            )
        return PhraseList(
            locale=self._locale,
            phrases=MappingProxyType({PhraseId(n): self._phrase(n) for n in self._texts}),
            digits=tuple(self._digits[digit] for digit in DIGITS) if self._digits else (),
            pronunciations=MappingProxyType(self._pronunciations),
            recogniser=self._recogniser,
        )

    def _phrase(self, name: str) -> Passphrase:
        text = self._texts[name]
        own = {w: self._pronunciations[w] for w in text.split() if w in self._pronunciations}
        return Passphrase(PhraseId(name), text, MappingProxyType(own))


def _check_words(path: Path, name: str, text: str) -> None:
    words = text.split()
    if not _FEWEST_WORDS <= len(words) <= _MOST_WORDS:
        raise PassphraseFileError(
            path, f"gives {name} {len(words)} words: {_FEWEST_WORDS} to {_MOST_WORDS} can be asked"
        )
    for word in words:
        if not all(letter.isalpha() or letter in "'-" for letter in word):
            raise PassphraseFileError(
                path, f"gives {name} the word {word!r}: write words in letters, no punctuation"
            )


def _lower(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word.lower() for word in words)
