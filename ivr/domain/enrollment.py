"""An enrollment: the call in which a person's voiceprints are made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from engine.types import Voiceprint
from ivr.domain.call import AccountId, CallId, TenantId
from ivr.domain.consent import Consent

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
    CALLER_HUNG_UP = "CALLER_HUNG_UP"
    UNAVAILABLE = "UNAVAILABLE"


@dataclass(frozen=True, slots=True)
class Enrollment:
    """How an enrollment call ended; `voiceprints` and `consent` only where it succeeded."""

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
    voiceprints: tuple[Voiceprint, ...]
    started_at: datetime
    ended_at: datetime
