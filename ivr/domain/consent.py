"""Consent: what the person agreed to, how and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ConsentGiven(StrEnum):
    """How consent was given."""

    KEY_PRESS = "key_press"
    SPOKEN = "spoken"
    DOCUMENT = "document"
    """On paper or in a web form, noted by an administrator."""


@dataclass(frozen=True, slots=True)
class Consent:
    """One person's agreement to be recognised by voice."""

    text_version: str
    """Which wording was played, such as `en-US/1`."""
    given: ConsentGiven
    at: datetime
    """Aware, UTC."""
