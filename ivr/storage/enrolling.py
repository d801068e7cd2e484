"""How an enrollment's end is written: profile, consent and recordings in one transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import uuid4

from ivr.domain.enrollment import (
    Draft,
    Enrollment,
    EnrollmentReason,
    EnrollmentResult,
    Recording,
)
from ivr.domain.profile import ProfileId, ProfileState
from ivr.storage.audit import AuditEvent
from ivr.storage.database import Database, Transaction
from ivr.storage.enrollment_rows import enrollment_columns, enrollment_from
from ivr.storage.errors import StoreRefusedError
from ivr.storage.keys import Keyring, PersonKey
from ivr.storage.rows import voiceprint_columns
from ivr.storage.text import storable


async def write_enrollment(
    database: Database, keyring: Keyring, enrollment: Enrollment
) -> Enrollment:
    """Write an enrollment's end, once; see `PostgresStore.enroll`."""
    check_complete(enrollment)
    if enrollment.account is not None and storable(enrollment.account) != enrollment.account:
        raise StoreRefusedError("an account has characters that PostgreSQL cannot hold")
    try:
        return await _written(database, keyring, enrollment)
    except _OrderGoneError:
        return await _written(database, keyring, withdrawn(enrollment))


class _OrderGoneError(Exception):
    """The item that ordered an enrollment was forgotten with its person."""


async def _written(database: Database, keyring: Keyring, enrollment: Enrollment) -> Enrollment:
    return await database.transact(
        lambda transaction: _Writing(transaction, keyring, enrollment).write(),
        tenant=enrollment.tenant,
    )


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


def withdrawn(enrollment: Enrollment) -> Enrollment:
    """Return the end of one whose draft or order is gone: whose it was is not told again."""
    ended = as_ended(enrollment, EnrollmentResult.FAILED, EnrollmentReason.NO_CONSENT)
    return replace(ended, account=None, ordered=False)


@dataclass(frozen=True, slots=True)
class _Writing:
    """One enrollment on its way into the database; the audit entry is always last."""

    transaction: Transaction
    keyring: Keyring
    enrollment: Enrollment

    async def write(self) -> Enrollment:
        """Write it once, and return what is stored."""
        await self.transaction.execute("lock-enrollment", self.enrollment.id)
        stored = await self._stored()
        if stored is not None:
            return stored
        await self.transaction.execute("note-tenant", self._tenant)
        if self.enrollment.result is EnrollmentResult.ENROLLED:
            return await self._success()
        await self._check_order()
        return await self._failure(
            as_ended(self.enrollment, self.enrollment.result, self.enrollment.reason)
        )

    @property
    def _tenant(self) -> str:
        return storable(self.enrollment.tenant)

    async def _stored(self) -> Enrollment | None:
        row = await self.transaction.fetch_one("find-enrollment", self.enrollment.id)
        if row is None:
            return None
        stored = enrollment_from(row)
        ended = as_ended(self.enrollment, stored.result, stored.reason)
        return replace(ended, warnings=stored.warnings)

    async def _success(self) -> Enrollment:
        if self.enrollment.draft and not await self._stands(self.enrollment.draft):
            return await self._failure(withdrawn(self.enrollment))
        profile = await self._profile()
        # After the profile, as whoever erases the person: the other way round they would deadlock.
        await self._check_order()
        if profile is None:
            return await self._failure(not_enrollable(self.enrollment, await self._state()))
        await self.transaction.execute("forget-voice", profile)
        await self._end(self.enrollment, profile)
        await self._voice(profile)
        await self._audit(self.enrollment, profile)
        return self.enrollment

    async def _stands(self, draft: Draft) -> bool:
        """Whether the draft is there with the consent that it had; from here on it stays."""
        held = await self.transaction.fetch_one("hold-profile", self._tenant, self._account)
        if held is None or held["id"] != draft.profile:
            return False
        # A query of its own: one that waited for the row would see the consents of before.
        consents = await self.transaction.fetch("consents-of-profile", draft.profile)
        return bool(consents) or not draft.consented

    async def _check_order(self) -> None:
        """Raise where the item that ordered it is gone, and all is undone; else it stays."""
        about = (self._tenant, self.enrollment.id)
        if self.enrollment.ordered and not await self.transaction.fetch("hold-batch-item", *about):
            raise _OrderGoneError

    async def _failure(self, ended: Enrollment) -> Enrollment:
        await self._end(ended, None)
        await self._audit(ended, None)
        return ended

    async def _profile(self) -> ProfileId | None:
        """Make the profile, or take over one that may be enrolled anew; None where it may not."""
        made = await self.transaction.fetch_one(
            "enroll-profile",
            uuid4(),
            self._tenant,
            self._account,
            self.enrollment.mode,
            storable(self.enrollment.locale),
            storable(self.enrollment.passphrase),
        )
        return None if made is None else ProfileId(made["id"])

    async def _state(self) -> ProfileState:
        row = await self.transaction.fetch_one("profile-state", self._tenant, self._account)
        return ProfileState(row["state"]) if row else ProfileState.ENROLLED

    @property
    def _account(self) -> str:
        assert self.enrollment.account is not None, "check_complete saw to it"
        return storable(self.enrollment.account)

    async def _end(self, ended: Enrollment, profile: ProfileId | None) -> None:
        await self.transaction.execute("add-enrollment", *enrollment_columns(ended, profile))

    async def _audit(self, ended: Enrollment, profile: ProfileId | None) -> None:
        await self.transaction.execute(
            "add-audit-entry",
            self._tenant,
            storable(ended.worker),
            AuditEvent.PROFILE_ENROLLED if profile else AuditEvent.ENROLLMENT_ENDED,
            profile,
            ended.id,
            ended.reason,
        )

    async def _voice(self, profile: ProfileId) -> None:
        tenant_key = await self.keyring.newest(self.transaction, self.enrollment.tenant)
        key, wrapped = tenant_key.new_person(profile, self._account)
        await self._consent(profile)
        for number, recording in enumerate(self.enrollment.recordings, start=1):
            await self._recording(profile, key, number, recording)
        await self.transaction.execute(
            "add-enrollment-warnings",
            *self._about(profile),
            [warning.value for warning in self.enrollment.warnings],
        )
        await self.transaction.execute(
            "key-profile", self._tenant, profile, tenant_key.generation, wrapped
        )

    async def _consent(self, profile: ProfileId) -> None:
        consent = self.enrollment.consent
        assert consent is not None, "check_complete saw to it"
        await self.transaction.execute(
            "add-consent",
            *self._about(profile),
            storable(consent.text_version),
            consent.given,
            consent.at,
        )

    async def _recording(
        self, profile: ProfileId, key: PersonKey, number: int, recording: Recording
    ) -> None:
        one = uuid4()
        await self.transaction.execute(
            "add-recording",
            *self._about(profile),
            one,
            number,
            key.seal_audio(one, recording.pcm),
            key.seal_frames(one, recording.frames),
            recording.fingerprint,
        )
        voiceprint = voiceprint_columns(recording.voiceprint, one, key)
        await self.transaction.execute("add-voiceprint", *self._about(profile), one, *voiceprint)

    def _about(self, profile: ProfileId) -> tuple[object, ...]:
        return self._tenant, profile, self.enrollment.id
