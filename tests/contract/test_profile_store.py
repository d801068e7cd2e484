"""What every profile store does: the fake of the flow tests and the real one on PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from uuid import uuid4

import pytest

from engine.types import Reason, Verdict
from ivr.domain.call import AccountId, TenantId
from ivr.domain.enrollment import (
    Draft,
    Enrollment,
    EnrollmentId,
    EnrollmentReason,
    EnrollmentResult,
    EnrollmentWarning,
)
from ivr.domain.mode import Mode
from ivr.domain.operating_point import OwnRates, PointPurpose
from ivr.domain.profile import ProfileId, ProfileState
from ivr.domain.verification import VerificationId, VerificationMode
from ivr.ports import ProfileStore
from ivr.storage import OperatingPoints, patiently
from tests.fakes.profile_store import FakeProfileStore
from tests.unit.storage.records import (
    ACCOUNT,
    OTHER_TENANT,
    TENANT,
    WORKER,
    accepted,
    assert_same_voice,
    declined,
    enrolled,
    hung_up,
    opening,
    rejected,
)

WARNINGS = (EnrollmentWarning.ENROLLED_ELSEWHERE, EnrollmentWarning.WATCHLISTED)
Set = Callable[[TenantId, OwnRates], Awaitable[None]]


@pytest.fixture(params=["fake", "postgres"])
def store(request: pytest.FixtureRequest) -> ProfileStore:
    """Each store in turn, empty."""
    if request.param == "fake":
        return FakeProfileStore()
    found: ProfileStore = request.getfixturevalue("postgres_store")
    return found


async def test_an_unknown_account_has_no_profile(store: ProfileStore) -> None:
    """Nobody is found in an empty store."""
    assert await store.find(TENANT, ACCOUNT) is None


async def test_an_enrolled_person_is_found_with_voiceprints_as_given(store: ProfileStore) -> None:
    """Vectors and parts come back to 1e-6, in order, with their model and quality."""
    enrollment = enrolled()
    assert await store.enroll(enrollment) == enrollment
    profile = await store.find(TENANT, ACCOUNT)
    assert profile is not None
    assert (profile.tenant, profile.account) == (TENANT, ACCOUNT)
    assert profile.state is ProfileState.ENROLLED
    assert profile.consented
    assert (profile.locale, profile.passphrase) == ("en-US", "my-voice-is-my-passport")
    assert len(profile.voiceprints) == 3
    for kept, given in zip(profile.voiceprints, enrollment.voiceprints, strict=True):
        assert kept.quality == given.quality
        assert_same_voice(kept.embedding, given.embedding)


async def test_nothing_crosses_tenants(store: ProfileStore) -> None:
    """The same account of another tenant is another person."""
    await store.enroll(enrolled())
    assert await store.find(OTHER_TENANT, ACCOUNT) is None
    await store.enroll(enrolled(tenant=OTHER_TENANT))
    ours, theirs = await store.find(TENANT, ACCOUNT), await store.find(OTHER_TENANT, ACCOUNT)
    assert ours is not None
    assert theirs is not None
    assert ours.id != theirs.id


async def test_a_second_enrollment_leaves_the_first_alone(store: ProfileStore) -> None:
    """Whoever calls in later does not replace an enrolled voice."""
    await store.enroll(enrolled())
    before = await store.find(TENANT, ACCOUNT)
    again = replace(enrolled(), passphrase="another")
    stored = await store.enroll(again)
    assert (stored.result, stored.reason) == (
        EnrollmentResult.FAILED,
        EnrollmentReason.ALREADY_ENROLLED,
    )
    assert (stored.consent, stored.recordings) == (None, ())
    after = await store.find(TENANT, ACCOUNT)
    assert before is not None
    assert after is not None
    assert (after.id, after.passphrase) == (before.id, before.passphrase)
    assert len(after.voiceprints) == 3


async def test_an_enrollment_is_written_once(store: ProfileStore) -> None:
    """The same enrollment written again is a success again, not ALREADY_ENROLLED."""
    enrollment = enrolled()
    await store.enroll(enrollment)
    assert await store.enroll(enrollment) == enrollment


async def test_the_first_end_of_an_enrollment_stands(store: ProfileStore) -> None:
    """Whoever ends it later is told that it succeeded, with its warnings, and changes nothing."""
    first = replace(enrolled(), warnings=WARNINGS)
    await store.enroll(first)
    later = await store.enroll(replace(declined(), id=first.id))
    assert (later.result, later.reason) == (first.result, first.reason)
    assert later.warnings == WARNINGS
    profile = await store.find(TENANT, ACCOUNT)
    assert profile is not None
    assert profile.state is ProfileState.ENROLLED


@pytest.mark.parametrize("end", [enrolled, declined, partial(declined, None)])
async def test_an_enrollment_is_found_as_it_ended(
    store: ProfileStore, end: Callable[[], Enrollment]
) -> None:
    """All but the voice and the consent, which are the profile's; by its own tenant alone."""
    ended = replace(end(), mode=Mode.TEXT_INDEPENDENT)
    if ended.result is EnrollmentResult.ENROLLED:
        ended = replace(ended, warnings=WARNINGS)
    await store.enroll(ended)
    found = await store.enrollment(TENANT, ended.id)
    assert found == replace(ended, consent=None, recordings=())
    assert await store.enrollment(OTHER_TENANT, ended.id) is None


async def test_an_enrollment_that_was_never_stored_is_not_found(store: ProfileStore) -> None:
    """An id that nobody wrote is not an error."""
    assert await store.enrollment(TENANT, EnrollmentId(uuid4())) is None


async def test_of_two_enrollments_at_once_one_wins(store: ProfileStore) -> None:
    """Calls that enroll one account end as one success, and ALREADY_ENROLLED for the others.

    A busy machine's database, which connects four times at once here, is asked again.
    """
    enrolling = [partial(store.enroll, enrolled()) for _ in range(4)]
    ends = await asyncio.gather(*map(patiently, enrolling))
    reasons = sorted(end.reason for end in ends)
    assert reasons == [EnrollmentReason.ALREADY_ENROLLED] * 3 + [EnrollmentReason.COMPLETE]
    profile = await store.find(TENANT, ACCOUNT)
    assert profile is not None
    assert len(profile.voiceprints) == 3


async def test_a_profile_that_is_gone_is_not_made_again(store: ProfileStore) -> None:
    """Who was erased while being enrolled, and perhaps begun anew, is enrolled by neither."""
    gone = Draft(ProfileId(uuid4()), consented=True)
    for known in (False, True):
        if known:
            await store.enroll(enrolled())
        before = await store.find(TENANT, ACCOUNT)
        stored = await store.enroll(replace(enrolled(), draft=gone))
        assert (stored.result, stored.reason) == (
            EnrollmentResult.FAILED,
            EnrollmentReason.NO_CONSENT,
        )
        assert (stored.account, stored.consent, stored.recordings) == (None, None, ())
        after = await store.find(TENANT, ACCOUNT)
        assert (after and after.id) == (before and before.id)


@pytest.mark.parametrize("account", [ACCOUNT, None])
async def test_a_declined_enrollment_makes_no_profile(
    store: ProfileStore, account: AccountId | None
) -> None:
    """It is kept as it ended, with or without a claim."""
    enrollment = declined(account)
    assert await store.enroll(enrollment) == enrollment
    assert await store.find(TENANT, ACCOUNT) is None


async def test_a_success_without_consent_is_refused(store: ProfileStore) -> None:
    """No voiceprint is kept of a person who did not agree."""
    with pytest.raises(ValueError, match="consent"):
        await store.enroll(replace(enrolled(), consent=None))
    assert await store.find(TENANT, ACCOUNT) is None


@pytest.mark.parametrize(
    "account", ["O'Neil; DROP TABLE profiles --", "a b,c|d", "顧客-\N{PARTY POPPER}", "x" * 128]
)
async def test_an_account_may_be_any_text(store: ProfileStore, account: str) -> None:
    """Quotes, commas, blanks and emoji are part of the name."""
    await store.enroll(enrolled(AccountId(account)))
    profile = await store.find(TENANT, AccountId(account))
    assert profile is not None
    assert profile.account == account


@pytest.mark.parametrize("account", ["", "a\0b", "\ud800", "x" * 100_000])
async def test_an_account_that_cannot_be_is_not_found(store: ProfileStore, account: str) -> None:
    """A name that nobody can have is unknown, not an error."""
    assert await store.find(TENANT, AccountId(account)) is None


async def test_an_open_verification_is_unfinished_and_has_no_verdict(store: ProfileStore) -> None:
    """Only its own worker is told of it."""
    begun = opening()
    await store.open(begun)
    await store.open(begun)
    assert tuple(await store.unfinished(WORKER)) == (begun,)
    assert tuple(await store.unfinished("another")) == ()
    assert await store.verdict(begun.id) is None


@pytest.mark.parametrize("end", [accepted, rejected, hung_up])
async def test_a_closed_verification_is_kept_as_given(store: ProfileStore, end: object) -> None:
    """Verdict, claim, evidence and attempts come back as they went in."""
    assert callable(end)
    begun = opening()
    await store.open(begun)
    closed = end(begun)
    assert await store.close(closed) == closed
    assert await store.verdict(begun.id) == closed
    assert tuple(await store.unfinished(WORKER)) == ()


async def test_a_verification_that_was_never_opened_can_be_closed(store: ProfileStore) -> None:
    """The opening may have been lost; the verdict is not. A late opening changes nothing."""
    begun = opening()
    await store.close(accepted(begun))
    await store.open(begun)
    assert await store.verdict(begun.id) == accepted(begun)
    assert tuple(await store.unfinished(WORKER)) == ()


async def test_the_first_verdict_stands(store: ProfileStore) -> None:
    """Whoever closes later is told the verdict that stands, and changes nothing."""
    begun = opening()
    first = await store.close(hung_up(begun))
    assert await store.close(accepted(begun)) == first
    assert await store.verdict(begun.id) == hung_up(begun)


async def test_of_many_who_close_at_once_one_wins(store: ProfileStore) -> None:
    """All are told the same verdict, and that is the one stored."""
    for _ in range(10):
        begun = opening()
        await store.open(begun)
        ends = [accepted(begun), rejected(begun), hung_up(begun)] * 2
        told = await asyncio.gather(*(store.close(end) for end in ends))
        assert all(end == told[0] for end in told)
        assert await store.verdict(begun.id) == told[0]


async def test_an_unknown_verification_has_no_verdict(store: ProfileStore) -> None:
    """An id that nobody opened is not an error."""
    assert await store.verdict(VerificationId(uuid4())) is None


async def test_a_verification_names_the_profile_it_was_compared_with(store: ProfileStore) -> None:
    """The link to the profile is kept."""
    await store.enroll(enrolled())
    profile = await store.find(TENANT, ACCOUNT)
    assert profile is not None
    closed = replace(accepted(opening()), profile=profile.id)
    await store.close(closed)
    kept = await store.verdict(closed.opening.id)
    assert kept is not None
    assert kept.profile == profile.id
    assert (kept.verdict, kept.reason) == (Verdict.ACCEPT, Reason.MATCH)


@pytest.fixture
def set_rates(request: pytest.FixtureRequest, store: ProfileStore) -> Set:
    """How each store's tenants set their rates."""

    async def set_on_postgres(tenant: TenantId, own: OwnRates) -> None:
        fixture = request.getfixturevalue
        points = OperatingPoints(fixture("database"), fixture("keyring"))
        for purpose, rate in own.items():
            await points.set(tenant, purpose, rate, who="a test", why="to see")

    async def set_on_fake(tenant: TenantId, own: OwnRates) -> None:
        assert isinstance(store, FakeProfileStore)
        store.rates[tenant] = own

    return set_on_fake if isinstance(store, FakeProfileStore) else set_on_postgres


async def test_a_call_begins_with_its_tenants_rates(store: ProfileStore, set_rates: Set) -> None:
    """As they are at that moment, those of its tenant alone, and none where none are set."""
    assert await store.open(opening()) == {}
    own = {PointPurpose.VERIFICATION: 0.05, PointPurpose.WATCHLIST: 0.2}
    await set_rates(TENANT, own)
    assert await store.open(opening()) == own
    assert await store.own_rates(TENANT) == own
    assert await store.open(opening(tenant=OTHER_TENANT)) == {}
    assert await store.own_rates(OTHER_TENANT) == {}


async def test_a_passive_verification_stays_one(store: ProfileStore) -> None:
    """The record says how it came by its speech."""
    begun = replace(opening(), mode=VerificationMode.PASSIVE)
    await store.open(begun)
    await store.close(accepted(begun))
    kept = await store.verdict(begun.id)
    assert kept is not None
    assert kept.opening.mode is VerificationMode.PASSIVE


async def test_the_consent_of_an_enrolled_person_is_found(store: ProfileStore) -> None:
    """As it was given; nobody else's, and none of somebody unknown."""
    enrollment = enrolled()
    await store.enroll(enrollment)
    assert await store.consent(TENANT, ACCOUNT) == enrollment.consent
    assert await store.consent(OTHER_TENANT, ACCOUNT) is None
    assert await store.consent(TENANT, AccountId("4712")) is None
