"""The profile store in memory: what flows are tested with, kept honest by the contract tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain
from uuid import uuid4

from engine.types import Fingerprint, Verdict
from ivr.domain.call import AccountId, TenantId
from ivr.domain.consent import Consent
from ivr.domain.enrollment import (
    Draft,
    Enrollment,
    EnrollmentId,
    EnrollmentReason,
    EnrollmentResult,
)
from ivr.domain.lockout import LockoutRules, locked_until
from ivr.domain.operating_point import OwnRates
from ivr.domain.profile import Profile, ProfileId, ProfileState
from ivr.domain.verification import Opening, Verification, VerificationId
from ivr.domain.watchlist import Suspect
from ivr.ports import StoreUnavailableError

HEARD_VERIFICATIONS = 50
"""Of so many verifications the fingerprints are kept, the last ones; of so many ACCEPTs besides."""


@dataclass
class FakeProfileStore:
    """`ivr.ports.ProfileStore` in dictionaries; with `away` set, every method is unavailable."""

    away: bool = False
    profiles: dict[tuple[TenantId, AccountId], Profile] = field(default_factory=dict)
    consents: dict[tuple[TenantId, AccountId], Consent] = field(default_factory=dict)
    openings: dict[VerificationId, Opening] = field(default_factory=dict)
    closed: dict[VerificationId, Verification] = field(default_factory=dict)
    enrollments: dict[EnrollmentId, Enrollment] = field(default_factory=dict)
    groups: dict[tuple[TenantId, str], set[AccountId]] = field(default_factory=dict)
    suspects: dict[TenantId, tuple[Suspect, ...]] = field(default_factory=dict)
    rates: dict[TenantId, OwnRates] = field(default_factory=dict)
    lockout: LockoutRules = field(default_factory=LockoutRules)
    rejects: dict[ProfileId, tuple[int, datetime]] = field(default_factory=dict)
    callers: dict[tuple[TenantId, str], tuple[int, datetime]] = field(default_factory=dict)
    spoken: dict[ProfileId, tuple[Fingerprint, ...]] = field(default_factory=dict)
    heard: dict[ProfileId, list[Verification]] = field(default_factory=dict)

    async def find(self, tenant: TenantId, account: AccountId) -> Profile | None:
        """Return the person's profile, or None."""
        self._answer()
        return self.profiles.get((tenant, account))

    async def caller_locked_until(self, tenant: TenantId, number: str) -> datetime | None:
        """Return until when callers of a number are locked out."""
        self._answer()
        counted = self.callers.get((tenant, number))
        return None if counted is None else locked_until(*counted, self.lockout)

    async def group(self, tenant: TenantId, name: str) -> Sequence[Profile]:
        """Return the enrolled profiles of a named group."""
        self._answer()
        members = sorted(self.groups.get((tenant, name), set()))
        found = (self.profiles.get((tenant, account)) for account in members)
        return tuple(each for each in found if each and each.state is ProfileState.ENROLLED)

    async def consent(self, tenant: TenantId, account: AccountId) -> Consent | None:
        """Return the consent of an enrollment, or the one a test put."""
        self._answer()
        return self.consents.get((tenant, account))

    async def enrolled(self, tenant: TenantId, at_most: int) -> Sequence[Profile]:
        """Return all enrolled profiles of a tenant; none where there are more than `at_most`."""
        self._answer()
        found = [
            each
            for each in self.profiles.values()
            if each.tenant == tenant and each.state is ProfileState.ENROLLED
        ]
        found.sort(key=lambda profile: profile.account)
        return tuple(found) if len(found) <= at_most else ()

    async def watchlist(self, tenant: TenantId) -> Sequence[Suspect]:
        """Return the voices that a tenant watches for."""
        self._answer()
        return self.suspects.get(tenant, ())

    async def own_rates(self, tenant: TenantId) -> OwnRates:
        """Return the rates that a tenant has set."""
        self._answer()
        return self.rates.get(tenant, {})

    async def open(self, opening: Opening) -> OwnRates:
        """Note that a verification began, and return its tenant's rates."""
        self._answer()
        self.openings.setdefault(opening.id, opening)
        return await self.own_rates(opening.tenant)

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

    async def enrollment(self, tenant: TenantId, enrollment: EnrollmentId) -> Enrollment | None:
        """Return how an enrollment of a tenant ended, without the voice."""
        self._answer()
        kept = self.enrollments.get(enrollment)
        if kept is None or kept.tenant != tenant:
            return None
        return _without_voice(kept, kept.result, kept.reason)

    def put(self, profile: Profile) -> None:
        """Keep a profile as a test needs it."""
        self.spoken.setdefault(profile.id, profile.fingerprints)
        self.profiles[profile.tenant, profile.account] = profile

    def _answer(self) -> None:
        if self.away:
            raise StoreUnavailableError("the fake store is away")

    def _note(self, verification: Verification) -> None:
        """Keep fingerprints, and count the REJECTs in a row."""
        if number := verification.opening.caller_number:
            caller = (verification.opening.tenant, number)
            before = self.callers.get(caller, (0, verification.ended_at))
            self.callers[caller] = _counted(before, verification)
        compared = [each for each in self.profiles.values() if each.id == verification.profile]
        for profile in [each for each in compared if each.state is ProfileState.ENROLLED]:
            if verification.fingerprints:
                self._remember(profile.id, verification)
            self._count(profile.id, verification)
            rejects, last = self.rejects.get(profile.id, (0, verification.ended_at))
            self.put(
                replace(
                    profile,
                    fingerprints=(*self.spoken.get(profile.id, ()), *self._heard(profile.id)),
                    locked_until=locked_until(rejects, last, self.lockout),
                )
            )

    def _remember(self, profile: ProfileId, verification: Verification) -> None:
        """Keep what was said; ACCEPTs drive out ACCEPTs alone, and all others all others."""
        heard = [*self.heard.get(profile, ()), verification]
        accepted = [each for each in heard if each.verdict is Verdict.ACCEPT]
        others = [each for each in heard if each.verdict is not Verdict.ACCEPT]
        kept = (*accepted[-HEARD_VERIFICATIONS:], *others[-HEARD_VERIFICATIONS:])
        self.heard[profile] = [each for each in heard if each in kept]

    def _heard(self, profile: ProfileId) -> Iterator[Fingerprint]:
        return chain.from_iterable(each.fingerprints for each in self.heard.get(profile, ()))

    def _count(self, profile: ProfileId, verification: Verification) -> None:
        before = self.rejects.get(profile, (0, verification.ended_at))
        self.rejects[profile] = _counted(before, verification)

    def _end(self, enrollment: Enrollment) -> Enrollment:
        if enrollment.result is not EnrollmentResult.ENROLLED or enrollment.account is None:
            return _without_voice(enrollment, enrollment.result, enrollment.reason)
        known = self.profiles.get((enrollment.tenant, enrollment.account))
        if enrollment.draft and not _stands(enrollment.draft, known):
            reason = EnrollmentReason.NO_CONSENT
            ended = _without_voice(enrollment, EnrollmentResult.FAILED, reason)
            return replace(ended, account=None)
        if known is not None and known.state in _NOT_ENROLLABLE:
            reason = _NOT_ENROLLABLE[known.state]
            return _without_voice(enrollment, EnrollmentResult.FAILED, reason)
        profile = _profile(enrollment, enrollment.account, known)
        for kept in (self.spoken, self.heard, self.rejects):
            kept.pop(profile.id, None)
        self.put(profile)
        if enrollment.consent is not None:
            self.consents[enrollment.tenant, enrollment.account] = enrollment.consent
        return enrollment


def _counted(before: tuple[int, datetime], verification: Verification) -> tuple[int, datetime]:
    rejects, last = before
    match verification.missed:
        case False:
            return 0, last
        case True:
            return rejects + 1, max(last, verification.ended_at)
        case None:
            return before


def _stands(draft: Draft, known: Profile | None) -> bool:
    return (
        known is not None and known.id == draft.profile and (known.consented or not draft.consented)
    )


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
