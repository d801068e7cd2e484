"""The words of a call: whether the passphrase, or the digits, that were asked for were said."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Self

import structlog

from engine.decision.policy import UNCHECKED_PHRASE
from engine.errors import NoPassphrasesError
from engine.phrase import (
    Challenge,
    DigitListener,
    Digits,
    PhraseFrames,
    PhraseList,
    PhraseListener,
    PhraseRecogniser,
    draw_challenge,
    frames,
    listed_locales,
    load_phrases,
    vote,
)
from engine.types import Locale, PhraseFinding, PhraseId, Utterance
from ivr.domain.locale import nearest
from ivr.domain.mode import Mode
from ivr.ports import Wanted

log = structlog.get_logger()


class Words:
    """Recognises passphrases and digits, each in the languages that there are recognisers for.

    Methods compute for some tens of milliseconds and may be called from any thread.
    """

    def __init__(self, lists: Iterable[PhraseList], unlisted: Iterable[str] = ()) -> None:
        """Make a recogniser for each list whose language has one; `RecogniserError`.

        `unlisted` locales are there, too, and have no list.
        """
        lists = tuple(lists)
        self._there = (*(each.locale for each in lists), *unlisted)
        known = {each.locale: each for each in lists if each.recogniser is not None}
        self._lists: Mapping[Locale, PhraseList] = known
        self._recognisers = {name: PhraseRecogniser.load(each) for name, each in known.items()}
        self._digits = {name: Digits.load(each) for name, each in known.items() if each.digits}

    @classmethod
    def load(cls, locales: Iterable[str], folder: Path | None = None) -> Self:
        """Take the phrases of these locales: those that come along, and those below `folder`.

        A locale without any is left to people's recordings. `PassphraseFileError` for a file that
        is broken, `RecogniserError` for a word that nobody can pronounce.
        """
        found = {name: _listed(Locale(name), folder) for name in locales}
        unlisted = [name for name, each in found.items() if each is None]
        return cls([each for each in found.values() if each is not None], unlisted)

    def recognises(self, locale: str) -> bool:
        """Say whether anything recognises the words of a locale."""
        return self._meant(locale) in self._recognisers

    def listener(self, wanted: Wanted) -> PhraseListener | None:
        """Return ears for the passphrase that is wanted; None where nothing recognises it."""
        return self._listener(wanted.locale, wanted.phrase)

    def recognised(
        self, utterance: Utterance, locale: Locale, phrase: PhraseId | None
    ) -> PhraseFinding:
        """Say whether a whole utterance is a passphrase, and where the parts of it lie.

        UNCHECKED for no phrase, and for one that nothing recognises.
        """
        listener = self._listener(locale, phrase)
        if phrase is None or listener is None:
            return UNCHECKED_PHRASE
        listener.push(utterance.samples)
        return listener.finding(phrase)

    def phrase(
        self, utterance: Utterance, wanted: Wanted, recognised: PhraseFinding
    ) -> tuple[PhraseFinding, bytes]:
        """Say whether the passphrase was said, and return its frames.

        What was recognised and the person's own recordings vote (`engine.phrase.voting`). UNCHECKED
        where there is neither, or where no phrase is wanted.
        """
        if wanted.phrase is None:
            return UNCHECKED_PHRASE, b""
        made = frames(utterance)
        earlier = [PhraseFrames.from_bytes(each) for each in wanted.frames]
        return vote(wanted.phrase, recognised, made, earlier), made.to_bytes()

    def digit_listener(self, wanted: Wanted) -> DigitListener | None:
        """Return ears for the digits that are wanted; None where there are none, or nothing knows
        them.
        """
        known = self._digits.get(self._meant(wanted.locale))
        if not wanted.digits or known is None:
            return None
        return DigitListener(known, [Challenge(wanted.digits)])

    def challenge(self, length: int) -> str:
        """Draw so many random digits, which nobody can foresee."""
        return draw_challenge(length, secrets.SystemRandom()).digits

    def _listener(self, locale: Locale, phrase: PhraseId | None) -> PhraseListener | None:
        meant = self._meant(locale)
        recogniser, known = self._recognisers.get(meant), self._lists.get(meant)
        if recogniser is None or known is None or phrase not in known.phrases:
            return None
        return recogniser.listener()

    def _meant(self, locale: str) -> Locale:
        """Return which of the locales is meant: profiles may hold what a program wrote, `en-us`."""
        return Locale(nearest(locale, self._there) or locale)


class UnknownPhraseError(Exception):
    """Nobody can be enrolled with it; the message says what the locale's list has instead."""


def listed(locale: str, mode: Mode, phrase: PhraseId, folder: Path | None = None) -> Locale:
    """Return the locale in whose list a passphrase is; one without a list as it is.

    Free speech is in any locale. `UnknownPhraseError` where the phrase is not in the list;
    `PassphraseFileError` as `load_phrases`.
    """
    known = nearest(locale, listed_locales(folder))
    if known is None:
        return Locale(locale)
    phrases = load_phrases(Locale(known), folder).phrases
    if mode is Mode.TEXT_DEPENDENT and phrase not in phrases:
        raise UnknownPhraseError(
            f"{known} has no such passphrase; there are {', '.join(sorted(phrases))}, and "
            "docs/passphrases.md says how to add one"
        )
    return Locale(known)


def _listed(locale: Locale, folder: Path | None) -> PhraseList | None:
    try:
        return load_phrases(locale, folder)
    except NoPassphrasesError as error:
        log.warning("phrases_not_recognised", locale=locale, why=str(error))
        return None
