"""Recordings whose words are known: where the parts of what was said lie, as in a call."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from engine.decision.explanation import EN_US
from engine.phrase import Passphrase, PhraseList, PhraseRecogniser
from engine.types import PhraseId, Span, Utterance

_MADE_UP: Final = MappingProxyType({"onword": ("AA N W ER D", "AO N W ER D")})
"""A word of the telephone corpus (Kepuska & Klein 2009) that no dictionary has."""


class KnownWords:
    """Knows some phrases by their words. Safe for use from several threads."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Take phrases of US English, as `spoken`; `RecogniserError` for a word that it lacks."""
        self._ids = {text: PhraseId(f"text-{k}") for k, text in enumerate(sorted(set(texts)))}
        phrases = phrases_of({name: text for text, name in self._ids.items()})
        self._recogniser = PhraseRecogniser.load(phrases)

    def parts(self, utterance: Utterance, text: str) -> tuple[Span, ...]:
        """Return where the parts of a phrase lie; none where it is not recognised as said."""
        return self._recogniser.recognise(utterance, self._ids[text]).parts


def phrases_of(texts: Mapping[PhraseId, str]) -> PhraseList:
    """Make a list of phrases in US English of their texts, as `spoken`."""
    none: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    phrases = {name: Passphrase(name, text, none) for name, text in texts.items()}
    return PhraseList(EN_US, phrases, (), _MADE_UP, "en-us")


def spoken(text: str) -> str:
    """Return the words of a text in lower case with a space between, without punctuation."""
    return " ".join(re.sub(r"[^a-z']+", " ", text.lower().replace("’", "'")).split())  # noqa: RUF001  # as written
