"""The profile store in memory: what flows are tested with, kept honest by the contract tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from uuid import uuid4

from engine.types import Verdict
from ivr.domain.call import AccountId, TenantId
from ivr.domain.enrollment import (
    Enrollment,
    EnrollmentId,
    EnrollmentReason,
    EnrollmentResult,
)
from ivr.domain.lockout import LockoutRules, locked_until
from ivr.domain.profile import Profile, ProfileId, ProfileState
from ivr.domain.verification import Opening, Verification, VerificationId
from ivr.domain.watchlist import Suspect
from ivr.ports import StoreUnavailableError


@dataclass
class FakeProfileStore:
    """`ivr.ports.ProfileStore` in dictionaries; with `away` set, every method is unavailable."""

    away: bool = False
    profiles: dict[tuple[TenantId, AccountId], Profile] = field(default_factory=dict)
    openings: dict[VerificationId, Opening] = field(default_factory=dict)
    closed: dict[VerificationId, Verification] = field(default_factory=dict)
    enrollments: dict[EnrollmentId, Enrollment] = field(default_factory=dict)
    groups: dict[tuple[TenantId, str], set[AccountId]] = field(default_factory=dict)
    suspects: dict[TenantId, tuple[Suspect, ...]] = field(default_factory=dict)
    lockout: LockoutRules = field(default_factory=LockoutRules)
    rejects: dict[ProfileId, int] = field(default_factory=dict)

    async def find(self, tenant: TenantId, account: AccountId) -> Profile | None:
        """Return the person's profile, or None."""
        self._answer()
        return self.profiles.get((tenant, account))

    async def group(self, tenant: TenantId, name: str) -> Sequence[Profile]:
        """Return the enrolled profiles of a named group."""
        self._answer()
        members = sorted(self.groups.get((tenant, name), set()))
        found = (self.profiles.get((tenant, account)) for account in members)
        return tuple(each for each in found if each and each.state is ProfileState.ENROLLED)

    async def watchlist(self, tenant: TenantId) -> Sequence[Suspect]:
        """Return the voices that a tenant watches for."""
        self._answer()
        return self.suspects.get(tenant, ())

    async def open(self, opening: Opening) -> None:
        """Note that a verification began."""
        self._answer()
        self.openings.setdefault(opening.id, opening)

    async def close(self, verification: Verification) -> Verification:
        """Keep the verdict, once, and return the one kept; the profile takes note of it."""
        self._answer()
        self.openings.setdefault(verification.opening.id, verification.opening)
        if verification.opening.id not in self.closed:
            self.closed[verification.opening.id] = verification
            self._note(verification)
        return self.closed[verification.opening.id]

    async def verdict(self, verification: VerificationId) -> Verification | None:
        """Return the verification if it is closed."""
        self._answer()
        return self.closed.get(verification)

    async def unfinished(self, worker: str) -> Sequence[Opening]:
        """Return what this worker began and never closed, oldest first."""
        self._answer()
        openings = (
            opening
            for opening in self.openings.values()
            if opening.worker == worker and opening.id not in self.closed
        )
        return tuple(sorted(openings, key=lambda opening: (opening.started_at, opening.id)))

    async def enroll(self, enrollment: Enrollment) -> Enrollment:
        """Keep an enrollment's end, once, and return what is kept."""
        self._answer()
        if enrollment.result is EnrollmentResult.ENROLLED:
            _check(enrollment)
        if enrollment.id not in self.enrollments:
            self.enrollments[enrollment.id] = self._end(enrollment)
        return self.enrollments[enrollment.id]

    def put(self, profile: Profile) -> None:
        """Keep a profile as a test needs it."""
        self.profiles[profile.tenant, profile.account] = profile

    def _answer(self) -> None:
        if self.away:
            raise StoreUnavailableError("the fake store is away")

    def _note(self, verification: Verification) -> None:
        """Keep fingerprints, and count the REJECTs in a row."""
        known = [each for each in self.profiles.values() if each.id == verification.profile]
        for profile in known:
            match verification.verdict:
                case Verdict.ACCEPT:
                    self.rejects[profile.id] = 0
                case Verdict.REJECT:
                    self.rejects[profile.id] = self.rejects.get(profile.id, 0) + 1
                case Verdict.INCONCLUSIVE:
                    pass
            count = self.rejects.get(profile.id, 0)
            until = locked_until(count, verification.ended_at, self.lockout)
            fingerprints = (*profile.fingerprints, *verification.fingerprints)
            self.put(replace(profile, fingerprints=fingerprints, locked_until=until))

    def _end(self, enrollment: Enrollment) -> Enrollment:
        if enrollment.result is not EnrollmentResult.ENROLLED or enrollment.account is None:
            return _without_voice(enrollment, enrollment.result, enrollment.reason)
        known = self.profiles.get((enrollment.tenant, enrollment.account))
        if known is not None and known.state in _NOT_ENROLLABLE:
            reason = _NOT_ENROLLABLE[known.state]
            return _without_voice(enrollment, EnrollmentResult.FAILED, reason)
        self.put(_profile(enrollment, enrollment.account, known))
        return enrollment


_NOT_ENROLLABLE = {
    ProfileState.ENROLLED: EnrollmentReason.ALREADY_ENROLLED,
    ProfileState.OPTED_OUT: EnrollmentReason.OPTED_OUT,
}


def _check(enrollment: Enrollment) -> None:
    if not (enrollment.account and enrollment.consent and enrollment.recordings):
        raise ValueError("an enrollment succeeds with an account, a consent and voiceprints")


def _without_voice(
    enrollment: Enrollment, result: EnrollmentResult, reason: EnrollmentReason
) -> Enrollment:
    return replace(enrollment, result=result, reason=reason, consent=None, recordings=())


def _profile(enrollment: Enrollment, account: AccountId, known: Profile | None) -> Profile:
    return Profile(
        id=known.id if known else ProfileId(uuid4()),
        tenant=enrollment.tenant,
        account=account,
        state=ProfileState.ENROLLED,
        locale=enrollment.locale,
        passphrase=enrollment.passphrase,
        consented=True,
        voiceprints=enrollment.voiceprints,
        mode=enrollment.mode,
        fingerprints=tuple(recording.fingerprint for recording in enrollment.recordings),
        frames=tuple(recording.frames for recording in enrollment.recordings),
    )
