"""The three kinds of profiles: where each is found, and how much audio it takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ivr.domain.azure import AzureKind

AUDIO_MIN_S: Final = 1.0
AUDIO_TOTAL_MAX_S: Final = 300.0
"""Of an enrollment by free speech, over all recordings."""


@dataclass(frozen=True, slots=True)
class Contract:
    """What holds for one kind."""

    kind: AzureKind
    path: str
    """Below the prefix of the API."""
    audio_max_s: float
    """Of one recording."""
    audio_total_max_s: float | None = None
    """Of all recordings of an enrollment."""


TEXT_DEPENDENT: Final = Contract(
    AzureKind.TEXT_DEPENDENT_VERIFICATION, "/verification/text-dependent", 10.0
)
TEXT_INDEPENDENT: Final = Contract(
    AzureKind.TEXT_INDEPENDENT_VERIFICATION,
    "/verification/text-independent",
    120.0,
    AUDIO_TOTAL_MAX_S,
)
IDENTIFICATION: Final = Contract(
    AzureKind.TEXT_INDEPENDENT_IDENTIFICATION,
    "/identification/text-independent",
    120.0,
    AUDIO_TOTAL_MAX_S,
)
