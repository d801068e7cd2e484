"""Errors of the engine: one root, and a type that says whose fault it is."""

from __future__ import annotations

from pathlib import Path


class EngineError(Exception):
    """Root of everything the engine raises on purpose."""


class AudioError(EngineError):
    """The audio handed in is not what the function takes (the caller's fault)."""


class ModelError(EngineError):
    """A voice model or its card is absent, corrupt or unfit (the operator's to mend)."""


class OutOfReachError(ModelError):
    """A rate, or a search of so many voices, needs stronger evidence than the calibration has."""


class ModelMismatchError(EngineError):
    """Two embeddings of different voice models were compared (the program's fault)."""

    def __init__(self, left: str, right: str) -> None:
        super().__init__(f"embeddings of model {left!r} and of model {right!r} cannot be compared")
        self.left = left
        self.right = right


class NoVoiceprintError(EngineError):
    """A comparison needs at least one voiceprint and got none (the program's fault)."""

    def __init__(self) -> None:
        super().__init__("there is no voiceprint to compare with: enroll the person first")


class PassphraseFileError(EngineError):
    """A file of passphrases is absent or broken (the operator's to mend)."""

    def __init__(self, path: Path, trouble: str) -> None:
        super().__init__(f"{path} {trouble}")
        self.path = path
        self.trouble = trouble


class NoPassphrasesError(PassphraseFileError):
    """A locale has no file of passphrases: its words are not recognised."""


class UnknownPassphraseError(EngineError):
    """A passphrase was asked for that the locale does not have (the operator's to mend)."""

    def __init__(self, phrase: str, locale: str) -> None:
        super().__init__(
            f"there is no passphrase {phrase!r} for {locale}: add it to that locale's files, "
            "or enroll the person anew"
        )
        self.phrase = phrase
        self.locale = locale


class RecogniserError(EngineError):
    """No speech recogniser for the locale, or it does not start (the operator's to mend)."""
