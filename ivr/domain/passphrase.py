"""The passphrases: what a person can be asked to say."""

from __future__ import annotations

from engine.types import PhraseId

DEFAULT_PASSPHRASE = PhraseId("my-voice-is-my-passport")
"""The one that an enrollment fixes where neither dialplan nor configuration choose another."""
