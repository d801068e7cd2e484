"""Locales as dialplans and people write them, and which of those that there are is meant."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

DEFAULT_LOCALE: Final = "en-US"
"""Always there: it comes along."""


def nearest(tag: str, known: Iterable[str]) -> str | None:
    """Return which known locale a BCP 47 tag means, or None.

    The same in whatever case, `en-us`, or else the first of its language, for `en` or `en-GB`.
    """
    there = list(known)
    same = [each for each in there if each.lower() == tag.lower()]
    alike = [each for each in there if _language(each) == _language(tag)]
    return next(iter([*same, *alike]), None)


def _language(tag: str) -> str:
    return tag.partition("-")[0].lower()
