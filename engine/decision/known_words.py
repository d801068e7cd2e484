"""Recordings whose words are known: where the parts of what was said lie, as in a call."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
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
        """Take phrases of US English in lower case; `RecogniserError` for a word that it lacks."""
        listed = sorted(set(texts))
        phrases = phrases_of(listed)
        self._ids = dict(zip(listed, phrases.phrases, strict=True))
        self._recogniser = PhraseRecogniser.load(phrases)

    def parts(self, utterance: Utterance, text: str) -> tuple[Span, ...]:
        """Return where the parts of a phrase lie; none where it is not recognised as said."""
        return self._recogniser.recognise(utterance, self._ids[text]).parts


def phrases_of(texts: Sequence[str]) -> PhraseList:
    """Make a list of phrases in US English, whose ids are their words with hyphens between."""
    ids = [PhraseId(re.sub("[^a-z0-9]+", "-", text)) for text in texts]
    none: MappingProxyType[str, tuple[str, ...]] = MappingProxyType({})
    phrases = {name: Passphrase(name, text, none) for name, text in zip(ids, texts, strict=True)}
    return PhraseList(EN_US, phrases, (), _MADE_UP, "pocketsphinx-en-us")
