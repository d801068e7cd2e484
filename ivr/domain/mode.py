"""What a person is asked to say."""

from __future__ import annotations

from enum import StrEnum


class Mode(StrEnum):
    """What the person was enrolled with, and is asked for."""

    TEXT_DEPENDENT = "text_dependent"
    """One passphrase, always the same."""
    TEXT_INDEPENDENT = "text_independent"
    """Free speech, and more of it."""
