"""The words of a call: whether the passphrase, or the digits, that were asked for were said."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import Self

import structlog

from engine.decision.policy import UNCHECKED_PHRASE
from engine.errors import PassphraseFileError
from engine.phrase import (
    Challenge,
    DigitListener,
    PhraseFrames,
    PhraseList,
    PhraseListener,
    PhraseRecogniser,
    alike,
    draw_challenge,
    frames,
    load_phrases,
    vote,
)
from engine.types import Locale, PhraseFinding, PhraseId, Utterance
from ivr.ports import Wanted

log = structlog.get_logger()


class Words:
    """Recognises passphrases and digits, each in the languages that there are recognisers for.

    Methods compute for some tens of milliseconds and may be called from any thread.
    """

    def __init__(self, lists: Iterable[PhraseList]) -> None:
        """Make a recogniser for each list whose language has one; `RecogniserError`."""
        self._lists = {each.locale: each for each in lists}
        self._recognisers: Mapping[Locale, PhraseRecogniser] = {
            name: PhraseRecogniser.load(each)
            for name, each in self._lists.items()
            if each.recogniser is not None
        }

    @classmethod
    def load(cls, locales: Iterable[str]) -> Self:
        """Take the phrases of these locales; one without a list is left to people's recordings."""
        found = (_listed(Locale(name)) for name in locales)
        return cls([each for each in found if each is not None])

    def recognises(self, locale: str) -> bool:
        """Say whether anything recognises the words of a locale."""
        return Locale(locale) in self._recognisers

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

        What was recognised and the person's own recordings vote. UNCHECKED where there is neither,
        or where no phrase is wanted.
        """
        if wanted.phrase is None:
            return UNCHECKED_PHRASE, b""
        made = frames(utterance)
        aligned = alike(made, [PhraseFrames.from_bytes(each) for each in wanted.frames])
        return vote(recognised, aligned), made.to_bytes()

    def digit_listener(self, wanted: Wanted) -> DigitListener | None:
        """Return ears for the digits that are wanted; None where there are none, or nothing knows
        them.
        """
        known = self._lists.get(wanted.locale)
        if not wanted.digits or known is None or known.recogniser is None or not known.digits:
            return None
        return DigitListener([Challenge(wanted.digits)], wanted.locale)

    def challenge(self, length: int) -> str:
        """Draw so many random digits, which nobody can foresee."""
        return draw_challenge(length, secrets.SystemRandom()).digits

    def _listener(self, locale: Locale, phrase: PhraseId | None) -> PhraseListener | None:
        recogniser, known = self._recognisers.get(locale), self._lists.get(locale)
        if recogniser is None or known is None or phrase not in known.phrases:
            return None
        return recogniser.listener()


def _listed(locale: Locale) -> PhraseList | None:
    try:
        return load_phrases(locale)
    except PassphraseFileError as error:
        log.warning("phrases_not_recognised", locale=locale, why=str(error))
        return None
