"""The passphrases: what a person can be asked to say."""

from __future__ import annotations

from ivr.domain.prompt import Prompt

DEFAULT_PASSPHRASE = "my-voice-is-my-passport"

PASSPHRASES: dict[str, Prompt] = {
    DEFAULT_PASSPHRASE: Prompt.PHRASE_MY_VOICE_IS_MY_PASSPORT,
}
"""Passphrase id, as profiles keep it, to the prompt that says it."""
