"""The channel variables: the contract with the dialplan."""

from __future__ import annotations

from engine.types import PhraseOutcome
from ivr.domain.enrollment import Enrollment
from ivr.domain.verification import Verification


def verification_variables(verification: Verification) -> dict[str, str]:
    """Return what the dialplan is told of a verification; every variable is always set."""
    llr, profile, claim = verification.llr, verification.profile, verification.claim
    return {
        "COUNTERSIGN_VERDICT": verification.verdict.value,
        "COUNTERSIGN_REASON": verification.reason.value,
        "COUNTERSIGN_LLR": "" if llr is None else f"{llr:.2f}",
        "COUNTERSIGN_CONFIDENCE": str(verification.confidence),
        "COUNTERSIGN_ATTEMPTS": str(len(verification.attempts)),
        "COUNTERSIGN_PROFILE": "" if profile is None else str(profile),
        "COUNTERSIGN_ID": str(verification.opening.id),
        "COUNTERSIGN_PHRASE": phrase_of(verification).value,
        "COUNTERSIGN_EXPLANATION": verification.explanation,
        "COUNTERSIGN_CLAIM_SOURCE": "" if claim is None else claim.source.value,
        "COUNTERSIGN_CLAIM_ACCOUNT": "" if claim is None else claim.account,
    }


def phrase_of(verification: Verification) -> PhraseOutcome:
    """Return what was made of the words last asked for."""
    attempts = verification.attempts
    return attempts[-1].phrase if attempts else PhraseOutcome.UNCHECKED


def enrollment_variables(enrollment: Enrollment) -> dict[str, str]:
    """Return what the dialplan is told of an enrollment. It is no verdict on who called."""
    return {
        "COUNTERSIGN_ENROLLMENT": enrollment.result.value,
        "COUNTERSIGN_REASON": enrollment.reason.value,
        "COUNTERSIGN_ID": str(enrollment.id),
        "COUNTERSIGN_WARNINGS": " ".join(warning.value for warning in enrollment.warnings),
    }
