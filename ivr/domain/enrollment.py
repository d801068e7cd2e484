"""An enrollment: the call in which a person's voiceprints are made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from engine.types import Fingerprint, Pcm, Voiceprint
from ivr.domain.call import AccountId, CallId, TenantId
from ivr.domain.consent import Consent
from ivr.domain.profile import Mode, ProfileId

EnrollmentId = NewType("EnrollmentId", UUID)


class EnrollmentResult(StrEnum):
    """What the dialplan is told at the end of an enrollment call."""

    ENROLLED = "ENROLLED"
    DECLINED = "DECLINED"
    FAILED = "FAILED"


class EnrollmentReason(StrEnum):
    """Why an enrollment ended as it did."""

    COMPLETE = "COMPLETE"
    ALREADY_ENROLLED = "ALREADY_ENROLLED"
    INCONSISTENT = "INCONSISTENT"
    NO_CLAIM = "NO_CLAIM"
    NO_CONSENT = "NO_CONSENT"
    OPTED_OUT = "OPTED_OUT"
    NOT_ENOUGH_SPEECH = "NOT_ENOUGH_SPEECH"
    TOO_NOISY = "TOO_NOISY"
    WRONG_PHRASE = "WRONG_PHRASE"
    DUPLICATE = "DUPLICATE"
    """What was played was a recording that had been heard before: no second voice sample."""
    CALLER_HUNG_UP = "CALLER_HUNG_UP"
    UNAVAILABLE = "UNAVAILABLE"


class EnrollmentWarning(StrEnum):
    """What an administrator should look at although the enrollment succeeded."""

    ENROLLED_ELSEWHERE = "ENROLLED_ELSEWHERE"
    """The voice is like that of another of the tenant's profiles."""
    WATCHLISTED = "WATCHLISTED"
    """The voice is like one of the tenant's watchlist."""


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """What is kept of one recording of an enrollment."""

    voiceprint: Voiceprint
    pcm: Pcm
    """Telephone audio of the recording, int16 `[n]` at 8 kHz: stored sealed, for re-extraction."""
    fingerprint: Fingerprint
    frames: bytes
    """Its frames, as `engine.phrase.alignment` packs them; empty where no phrase was asked for."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A profile as its enrollment found it: what was erased or withdrawn since stays so."""

    profile: ProfileId
    consented: bool


@dataclass(frozen=True, slots=True)
class Enrollment:
    """How an enrollment call ended; `recordings` and `consent` only where it succeeded."""

    id: EnrollmentId
    call: CallId
    tenant: TenantId
    worker: str
    account: AccountId | None
    locale: str
    passphrase: str
    result: EnrollmentResult
    reason: EnrollmentReason
    consent: Consent | None
    recordings: tuple[Recording, ...]
    started_at: datetime
    ended_at: datetime
    mode: Mode = Mode.TEXT_DEPENDENT
    warnings: tuple[EnrollmentWarning, ...] = ()
    draft: Draft | None = None
    """What must be there still where it succeeded; None: the profile may be made."""
    ordered: bool = False
    """Whether it is an item of a batch, of the same id, which must be there still as well."""

    @property
    def voiceprints(self) -> tuple[Voiceprint, ...]:
        """The recordings' voiceprints, in order."""
        return tuple(recording.voiceprint for recording in self.recordings)
