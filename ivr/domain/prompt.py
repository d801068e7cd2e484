"""The prompts: what Countersign can say, each a sound file per locale."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.types import Locale, PhraseId


class Prompt(StrEnum):
    """One sound file, `prompts/<locale>/<value>.wav`. The words are in `prompts.toml` beside it."""

    TONE = "tone"
    AFTER_THE_TONE_SAY = "after-the-tone-say"
    AFTER_THE_TONE_SPEAK = "after-the-tone-speak"
    AFTER_THE_TONE_DIGITS = "after-the-tone-digits"
    DIGIT_0 = "digit-0"
    DIGIT_1 = "digit-1"
    DIGIT_2 = "digit-2"
    DIGIT_3 = "digit-3"
    DIGIT_4 = "digit-4"
    DIGIT_5 = "digit-5"
    DIGIT_6 = "digit-6"
    DIGIT_7 = "digit-7"
    DIGIT_8 = "digit-8"
    DIGIT_9 = "digit-9"
    KEY_ACCOUNT = "key-account"
    NOTHING_HEARD = "nothing-heard"
    TOO_SHORT = "too-short"
    TOO_NOISY = "too-noisy"
    TOO_QUIET = "too-quiet"
    TOO_LOUD = "too-loud"
    TONES = "tones"
    MUSIC = "music"
    TWO_TALKERS = "two-talkers"
    WRONG_PHRASE = "wrong-phrase"
    WRONG_DIGITS = "wrong-digits"
    UNCLEAR = "unclear"
    CUT_OFF = "cut-off"
    GO_ON = "go-on"
    NOT_SURE_YET = "not-sure-yet"
    CONSENT = "consent"
    CONSENT_AGAIN = "consent-again"
    ENROLL_INTRO = "enroll-intro"
    ENROLL_FREE_INTRO = "enroll-free-intro"
    ENROLL_AGAIN = "enroll-again"
    ENROLL_LAST = "enroll-last"
    ENROLL_SOUNDED_DIFFERENT = "enroll-sounded-different"
    ENROLL_SAME_RECORDING = "enroll-same-recording"
    ENROLL_DONE = "enroll-done"
    ENROLL_DECLINED = "enroll-declined"
    ENROLL_FAILED = "enroll-failed"
    ENROLL_ALREADY = "enroll-already"


PHRASE_PREFIX = "phrase-"


@dataclass(frozen=True, slots=True)
class PhrasePrompt:
    """The sound file that says a passphrase, in the passphrase's own language."""

    locale: Locale
    phrase: PhraseId

    @property
    def value(self) -> str:
        """The sound file's name, without its ending."""
        return PHRASE_PREFIX + self.phrase


Spoken = Prompt | PhrasePrompt
"""Whatever can be played to a caller."""


def digits_spoken(digits: str) -> tuple[Prompt, ...]:
    """Return the prompts that say the digits one by one; `ValueError` for any other character."""
    return tuple(Prompt(f"digit-{digit}") for digit in digits)
