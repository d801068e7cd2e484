"""Locales as programs write them, and what can be said in each."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from engine.phrase import PhraseList, listed_locales, load_phrases
from engine.types import Locale
from ivr.api.errors import InvalidRequestError


def locale_of(name: str) -> Locale:
    """Return `en-US` for `en-us` or `enUS`."""
    return Locale(f"{name[:2].lower()}-{name[-2:].upper()}")


@cache
def phrases_by_locale(folder: Path | None) -> dict[Locale, PhraseList]:
    """Return the passphrases of every locale in which words are recognised; see `load_phrases`."""
    found = (load_phrases(name, folder) for name in listed_locales(folder))
    return {each.locale: each for each in found if each.recogniser is not None}


def phrases_of(locale: Locale, folder: Path | None = None) -> PhraseList:
    """Return a locale's passphrases; `InvalidRequestError` where words are not recognised in it."""
    known = phrases_by_locale(folder)
    if locale not in known:
        supported = ", ".join(known)
        raise InvalidRequestError(f"Invalid locale value. Supported locales are {supported}.")
    return known[locale]
