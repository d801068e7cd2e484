"""Profiles made up for these tests."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from engine.types import PhraseId
from ivr.domain.azure import AzureKind, AzureProfile, Stand
from ivr.domain.profile import ProfileId, ProfileState

MADE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
VOICED = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)


def profile(
    state: ProfileState = ProfileState.ENROLLING,
    *,
    recordings: int = 0,
    current: int | None = None,
    speech_s: float = 0.0,
    number: int = 7,
    kind: AzureKind = AzureKind.TEXT_DEPENDENT_VERIFICATION,
) -> AzureProfile:
    """Return a profile with so many recordings; `current` of them are of the model in use."""
    return AzureProfile(
        id=ProfileId(UUID(int=number)),
        kind=kind,
        stand=Stand(state, 0, MADE),
        locale="en-US",
        phrase=PhraseId("my-voice-is-my-passport") if recordings else None,
        created_at=MADE,
        updated_at=MADE,
        recordings=recordings,
        audio_s=speech_s * 1.5,
        speech_s=speech_s,
        current=recordings if current is None else current,
        voiced_at=VOICED if recordings else None,
    )
