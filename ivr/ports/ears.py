"""Ears for one utterance: what is heard in it, and what it is examined for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from engine.types import (
    Embedding,
    Fingerprint,
    Hearing,
    Locale,
    ModelId,
    Pcm,
    PhraseFinding,
    PhraseId,
    Quality,
    ReplayFinding,
    Utterance,
)


class Listener(Protocol):
    """Ears for one utterance; it counts time in samples. `engine.audio.Listener` is one."""

    def push(self, pcm: Pcm) -> Hearing:
        """Take the next audio, int16 `[n]` at 8 kHz of any length, and say what it makes of it."""
        ...

    def restart(self) -> None:
        """Forget what was heard and wait anew."""
        ...

    def close(self) -> None:
        """Hear nothing more, so that the next caller can be heard by what it was made of."""
        ...

    def utterance(self) -> Utterance:
        """Return the speech so far, 16 kHz, trimmed of the silence at both ends."""
        ...

    def measurement(self) -> Measurement:
        """Return the utterance as it stands, for `Voice.measure`."""
        ...


class Measurement(Protocol):
    """An utterance ready to be measured, whatever its listener hears next."""

    def quality(self) -> Quality:
        """Measure; it takes milliseconds, so leave it to `Voice.measure`."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an utterance is examined for, besides the voice."""

    replay_key: bytes
    """Of the tenant: see `Keys`."""
    locale: Locale
    """The language of the words."""
    earlier: tuple[Fingerprint, ...] = ()
    """What it must not be a repeat of."""
    phrase: PhraseId | None = None
    """The passphrase that was asked for; None where none was."""
    frames: tuple[bytes, ...] = ()
    """Of the person's recordings of that phrase."""
    digits: str = ""
    """The challenge that was asked for; empty where none was."""
    before: tuple[Utterance, ...] = ()
    """What was said earlier in the same breath: free speech comes in pieces."""
    model: ModelId | None = None
    """Whose embedding, as `Voice.model_of` says; None for the voice model of today."""


@dataclass(frozen=True, slots=True, eq=False)
class Examination:
    """What was found in an utterance. Phrase and digits are UNCHECKED where none were wanted."""

    embedding: Embedding
    fingerprint: Fingerprint
    frames: bytes
    """As `engine.phrase.alignment` packs them; empty where no phrase was wanted."""
    phrase: PhraseFinding
    digits: PhraseFinding
    replay: ReplayFinding


class Ear(Protocol):
    """Recognises the words of one utterance while they are being said."""

    def follow(self, utterance: Utterance) -> None:
        """Take the utterance as it stands, from its beginning on; returns at once."""
        ...
