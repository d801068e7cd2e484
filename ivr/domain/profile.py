"""A profile: one enrolled person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from engine.types import Fingerprint, Voiceprint
from ivr.domain.call import AccountId, TenantId
from ivr.domain.mode import Mode

__all__ = ["Mode", "Profile", "ProfileId", "ProfileState"]

ProfileId = NewType("ProfileId", UUID)


class ProfileState(StrEnum):
    """What a profile can be used for."""

    ENROLLING = "enrolling"
    ENROLLED = "enrolled"
    EXPIRED = "expired"
    OPTED_OUT = "opted_out"


@dataclass(frozen=True, slots=True)
class Profile:
    """One enrolled person, with the voiceprints to compare against."""

    id: ProfileId
    tenant: TenantId
    account: AccountId
    state: ProfileState
    locale: str
    passphrase: str
    """Id of the passphrase that the enrollment fixed, such as `my-voice-is-my-passport`."""
    consented: bool
    voiceprints: tuple[Voiceprint, ...]
    mode: Mode = Mode.TEXT_DEPENDENT
    fingerprints: tuple[Fingerprint, ...] = ()
    """Of the enrollment's recordings and of the last verifications."""
    frames: tuple[bytes, ...] = ()
    """Of the enrollment's recordings, as `engine.phrase.alignment` packs them."""
    locked_until: datetime | None = None
    """Aware, UTC; None: not locked, `datetime.max`: until an administrator unlocks it."""
