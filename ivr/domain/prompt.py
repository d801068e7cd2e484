"""The prompts: what Countersign can say, each a sound file per locale."""

from __future__ import annotations

from enum import StrEnum


class Prompt(StrEnum):
    """One sound file, `prompts/<locale>/<value>.wav`. The words are in `prompts.toml` beside it."""

    TONE = "tone"
    AFTER_THE_TONE_SAY = "after-the-tone-say"
    PHRASE_MY_VOICE_IS_MY_PASSPORT = "phrase-my-voice-is-my-passport"
    KEY_ACCOUNT = "key-account"
    NOTHING_HEARD = "nothing-heard"
    TOO_SHORT = "too-short"
    TOO_NOISY = "too-noisy"
    TOO_QUIET = "too-quiet"
    TOO_LOUD = "too-loud"
    NOT_SURE_YET = "not-sure-yet"
    CONSENT = "consent"
    CONSENT_AGAIN = "consent-again"
    ENROLL_INTRO = "enroll-intro"
    ENROLL_AGAIN = "enroll-again"
    ENROLL_LAST = "enroll-last"
    ENROLL_SOUNDED_DIFFERENT = "enroll-sounded-different"
    ENROLL_DONE = "enroll-done"
    ENROLL_DECLINED = "enroll-declined"
    ENROLL_FAILED = "enroll-failed"
    ENROLL_ALREADY = "enroll-already"
