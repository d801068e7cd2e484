"""Rows of enrollments to values of the domain and back."""

from __future__ import annotations

from typing import Any

from ivr.domain.call import AccountId, CallId, TenantId
from ivr.domain.enrollment import (
    Enrollment,
    EnrollmentId,
    EnrollmentReason,
    EnrollmentResult,
    EnrollmentWarning,
)
from ivr.domain.profile import Mode, ProfileId
from ivr.storage.database import Row
from ivr.storage.text import storable


def enrollment_columns(enrollment: Enrollment, profile: ProfileId | None) -> tuple[Any, ...]:
    """Return $1 to $13 of `add-enrollment`."""
    return (
        enrollment.id,
        storable(enrollment.call),
        storable(enrollment.tenant),
        storable(enrollment.worker),
        None if enrollment.account is None else storable(enrollment.account),
        profile,
        storable(enrollment.locale),
        storable(enrollment.passphrase),
        enrollment.mode,
        enrollment.result,
        enrollment.reason,
        enrollment.started_at,
        enrollment.ended_at,
    )


def enrollment_from(row: Row) -> Enrollment:
    """Build an enrollment from a row of `find-enrollment`.

    Consent and recordings are not among it: they are the profile's.
    """
    return Enrollment(
        id=EnrollmentId(row["id"]),
        call=CallId(row["call"]),
        tenant=TenantId(row["tenant"]),
        worker=row["worker"],
        account=AccountId(row["account"]) if row["account"] else None,
        locale=row["locale"],
        passphrase=row["passphrase"],
        result=EnrollmentResult(row["result"]),
        reason=EnrollmentReason(row["reason"]),
        consent=None,
        recordings=(),
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        mode=Mode(row["mode"]),
        warnings=tuple(EnrollmentWarning(each) for each in row["warnings"]),
    )
