"""How an enrollment's end is written: profile, consent and voiceprints in one transaction."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

from engine.types import Voiceprint
from ivr.domain.enrollment import Enrollment, EnrollmentReason, EnrollmentResult
from ivr.domain.profile import ProfileId, ProfileState
from ivr.storage.audit import AuditEvent
from ivr.storage.database import Database, Transaction
from ivr.storage.errors import StoreRefusedError
from ivr.storage.rows import enrollment_columns, quality_columns, storable, vector_to_octets


async def write_enrollment(database: Database, enrollment: Enrollment) -> Enrollment:
    """Write an enrollment's end, once; see `PostgresStore.enroll`."""
    check_complete(enrollment)
    if enrollment.account is not None and storable(enrollment.account) != enrollment.account:
        raise StoreRefusedError("an account has characters that PostgreSQL cannot hold")
    return await database.transact(lambda transaction: _write(transaction, enrollment))


def check_complete(enrollment: Enrollment) -> None:
    """Raise `ValueError` for a success that lacks account, consent or voiceprints."""
    if enrollment.result is not EnrollmentResult.ENROLLED:
        return
    if not enrollment.account or enrollment.consent is None or not enrollment.recordings:
        raise ValueError("an enrollment succeeds with an account, a consent and voiceprints")


def as_ended(
    enrollment: Enrollment, result: EnrollmentResult, reason: EnrollmentReason
) -> Enrollment:
    """Return the enrollment with another end; only a success keeps consent and voiceprints."""
    if result is EnrollmentResult.ENROLLED:
        return replace(enrollment, result=result, reason=reason)
    return replace(enrollment, result=result, reason=reason, consent=None, recordings=())


def not_enrollable(enrollment: Enrollment, state: ProfileState) -> Enrollment:
    """Return the end of an enrollment that met a profile which may not be enrolled anew."""
    opted_out = state is ProfileState.OPTED_OUT
    reason = EnrollmentReason.OPTED_OUT if opted_out else EnrollmentReason.ALREADY_ENROLLED
    return as_ended(enrollment, EnrollmentResult.FAILED, reason)


async def _write(transaction: Transaction, enrollment: Enrollment) -> Enrollment:
    await transaction.execute("lock-enrollment", enrollment.id)
    stored = await _stored(transaction, enrollment)
    if stored is not None:
        return stored
    await transaction.execute("note-tenant", storable(enrollment.tenant))
    if enrollment.result is EnrollmentResult.ENROLLED:
        return await _write_success(transaction, enrollment)
    ended = as_ended(enrollment, enrollment.result, enrollment.reason)
    return await _write_end(transaction, ended, None)


async def _stored(transaction: Transaction, enrollment: Enrollment) -> Enrollment | None:
    row = await transaction.fetch_one("find-enrollment", enrollment.id)
    if row is None:
        return None
    return as_ended(enrollment, EnrollmentResult(row["result"]), EnrollmentReason(row["reason"]))


async def _write_success(transaction: Transaction, enrollment: Enrollment) -> Enrollment:
    assert enrollment.account is not None, "check_complete saw to it"
    tenant, account = storable(enrollment.tenant), storable(enrollment.account)
    made = await transaction.fetch_one(
        "enroll-profile",
        uuid4(),
        tenant,
        account,
        storable(enrollment.locale),
        enrollment.passphrase,
    )
    if made is None:
        row = await transaction.fetch_one("profile-state", tenant, account)
        state = ProfileState(row["state"]) if row else ProfileState.ENROLLED
        return await _write_end(transaction, not_enrollable(enrollment, state), None)
    profile = ProfileId(made["id"])
    await transaction.execute("forget-voice", profile)
    stored = await _write_end(transaction, enrollment, profile)
    await _write_voice(transaction, enrollment, profile)
    return stored


async def _write_end(
    transaction: Transaction, enrollment: Enrollment, profile: ProfileId | None
) -> Enrollment:
    columns = enrollment_columns(enrollment, profile)
    await transaction.execute("add-enrollment", *columns)
    await transaction.execute(
        "add-audit-entry",
        storable(enrollment.tenant),
        storable(enrollment.worker),
        AuditEvent.PROFILE_ENROLLED if profile else AuditEvent.ENROLLMENT_ENDED,
        profile,
        enrollment.id,
        enrollment.reason,
    )
    return enrollment


async def _write_voice(
    transaction: Transaction, enrollment: Enrollment, profile: ProfileId
) -> None:
    consent = enrollment.consent
    assert consent is not None, "check_complete saw to it"
    await transaction.execute(
        "add-consent", profile, enrollment.id, consent.text_version, consent.given, consent.at
    )
    for voiceprint in enrollment.voiceprints:
        await _write_voiceprint(transaction, enrollment, profile, voiceprint)


async def _write_voiceprint(
    transaction: Transaction, enrollment: Enrollment, profile: ProfileId, voiceprint: Voiceprint
) -> None:
    await transaction.execute(
        "add-voiceprint",
        profile,
        enrollment.id,
        voiceprint.embedding.model,
        vector_to_octets(voiceprint.embedding.vector),
        *quality_columns(voiceprint.quality),
    )
