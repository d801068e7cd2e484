"""Profiles as Azure's Speaker Recognition API knows them: of a kind, and filled one by one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from engine.types import PhraseId
from ivr.domain.call import AccountId
from ivr.domain.consent import Consent
from ivr.domain.enrollment import Enrollment, Recording
from ivr.domain.mode import Mode
from ivr.domain.profile import ProfileId, ProfileState


class AzureKind(StrEnum):
    """What a profile was made for; it is known under the paths of its kind alone."""

    TEXT_DEPENDENT_VERIFICATION = "text_dependent_verification"
    TEXT_INDEPENDENT_VERIFICATION = "text_independent_verification"
    TEXT_INDEPENDENT_IDENTIFICATION = "text_independent_identification"

    @property
    def mode(self) -> Mode:
        """What its person is asked to say."""
        if self is AzureKind.TEXT_DEPENDENT_VERIFICATION:
            return Mode.TEXT_DEPENDENT
        return Mode.TEXT_INDEPENDENT


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a profile stands; one that has changed since it was read is not written over."""

    state: ProfileState
    version: int
    """Counts what this API wrote to it."""
    changed_at: datetime
    """When anyone last changed its state."""


@dataclass(frozen=True, slots=True)
class AzureProfile:
    """What may be shown of a profile: no voice."""

    id: ProfileId
    """Also its account's name, so that calls and commands can claim it."""
    kind: AzureKind
    stand: Stand
    locale: str
    phrase: PhraseId | None
    """What the first recording fixed; None before it, and where any words will do."""
    created_at: datetime
    updated_at: datetime
    recordings: int
    """How many were taken."""
    audio_s: float
    """Seconds of them all."""
    speech_s: float
    """Net speech of them all."""
    current: int
    """How many of them have a voiceprint of the voice model in use."""
    voiced_at: datetime | None
    """When the newest of those voiceprints was made; None without any."""

    @property
    def account(self) -> AccountId:
        """The name under which it is claimed."""
        return AccountId(str(self.id))

    @property
    def ready(self) -> bool:
        """Whether a voice can be compared with it now."""
        return self.stand.state is ProfileState.ENROLLED and 0 < self.current == self.recordings


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """A recording that was taken before. Its audio stays sealed: `recording.pcm` is empty."""

    id: UUID
    recording: Recording
    audio_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Addition:
    """One more recording for a profile, and what it makes of it."""

    id: UUID
    """Of the recording, so that it is written once."""
    recording: Recording
    dropped: tuple[UUID, ...]
    """Recordings that turned out another person's, and go."""
    phrase: PhraseId | None
    consent: Consent
    """By what right the voice is kept."""
    completes: Enrollment | None
    """The enrollment that this recording ends with success; None where more is needed, or where
    the profile is enrolled already."""
