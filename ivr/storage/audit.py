"""What the audit trail can say was done; who, whom and why stand beside it in the table."""

from __future__ import annotations

from enum import StrEnum


class AuditEvent(StrEnum):
    """What was done."""

    VERIFICATION_CLOSED = "verification_closed"
    PROFILE_ENROLLED = "profile_enrolled"
    ENROLLMENT_ENDED = "enrollment_ended"
    """An enrollment call that made no profile."""
    PROFILE_RESET = "profile_reset"
    PROFILE_ERASED = "profile_erased"
