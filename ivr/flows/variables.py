"""The channel variables: the contract with the dialplan."""

from __future__ import annotations

from ivr.domain.enrollment import Enrollment
from ivr.domain.verification import Verification


def verification_variables(verification: Verification) -> dict[str, str]:
    """Return what the dialplan is told of a verification; every variable is always set."""
    llr, profile = verification.llr, verification.profile
    return {
        "COUNTERSIGN_VERDICT": verification.verdict.value,
        "COUNTERSIGN_REASON": verification.reason.value,
        "COUNTERSIGN_LLR": "" if llr is None else f"{llr:.2f}",
        "COUNTERSIGN_CONFIDENCE": str(verification.confidence),
        "COUNTERSIGN_ATTEMPTS": str(len(verification.attempts)),
        "COUNTERSIGN_PROFILE": "" if profile is None else str(profile),
        "COUNTERSIGN_ID": str(verification.opening.id),
    }


def enrollment_variables(enrollment: Enrollment) -> dict[str, str]:
    """Return what the dialplan is told of an enrollment. It is no verdict on who called."""
    return {
        "COUNTERSIGN_ENROLLMENT": enrollment.result.value,
        "COUNTERSIGN_REASON": enrollment.reason.value,
        "COUNTERSIGN_ID": str(enrollment.id),
    }
