"""What a verdict rests on besides the voice, from the fake and the real store alike."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID, uuid4

import numpy as np
import pytest

from engine.types import Finding, Fingerprint, Llr, PhraseOutcome
from ivr.domain.call import AccountId, TenantId
from ivr.domain.enrollment import EnrollmentWarning
from ivr.domain.lockout import LOCKED, LockoutRules
from ivr.domain.profile import Mode, Profile, ProfileState
from ivr.domain.verification import Opening, Verification, VerificationMode
from ivr.domain.watchlist import Suspect
from ivr.ports import ProfileStore
from ivr.storage.administration import ProfileAdministration
from ivr.storage.keys import Keyring
from ivr.storage.store import PostgresStore
from ivr.storage.watchlists import Watchlists
from tests.fakes.profile_store import HEARD_VERIFICATIONS, FakeProfileStore
from tests.unit.storage.records import (
    ACCOUNT,
    OTHER_TENANT,
    TENANT,
    accepted,
    enrolled,
    hung_up,
    opening,
    rejected,
    voiceprint,
)

RULES = LockoutRules(delay_after=2, delay_s=60.0, lock_after=4)


@dataclass(frozen=True, slots=True)
class House:
    """A store, and an administrator's hand on its groups, watchlists and profiles."""

    store: ProfileStore
    join: Callable[[str, AccountId], Awaitable[object]]
    watch: Callable[[], Awaitable[UUID]]
    opt_out: Callable[[], Awaitable[object]]


@pytest.fixture(params=["fake", "postgres"])
def house(request: pytest.FixtureRequest) -> House:
    """Each store in turn, empty."""
    if request.param == "fake":
        return _fake()
    database = request.getfixturevalue("database")
    keyring: Keyring = request.getfixturevalue("keyring")
    watchlists = Watchlists(database, keyring)
    return House(
        PostgresStore(database, keyring, RULES),
        lambda name, account: watchlists.join(TENANT, name, account, who="ann", why="x"),
        lambda: watchlists.add_suspect(TENANT, "fraud", [voiceprint(7)], who="ann", why="x"),
        lambda: ProfileAdministration(database).opt_out(TENANT, ACCOUNT, who="ann", why="x"),
    )


def _fake() -> House:
    store = FakeProfileStore(lockout=RULES)

    async def join(name: str, account: AccountId) -> None:
        store.groups.setdefault((TENANT, name), set()).add(account)

    async def watch() -> UUID:
        suspect = Suspect(uuid4(), (voiceprint(7),))
        store.suspects[TENANT] = (*store.suspects.get(TENANT, ()), suspect)
        return suspect.id

    async def opt_out() -> None:
        profile = store.profiles[TENANT, ACCOUNT]
        store.spoken.pop(profile.id)
        gone = replace(profile, state=ProfileState.OPTED_OUT, voiceprints=(), fingerprints=())
        store.put(gone)

    return House(store, join, watch, opt_out)


async def person(house: House, account: str = ACCOUNT, tenant: TenantId = TENANT) -> Profile:
    """Enroll a person, and return the profile."""
    await house.store.enroll(enrolled(AccountId(account), tenant))
    return await again(house, account, tenant)


async def again(house: House, account: str = ACCOUNT, tenant: TenantId = TENANT) -> Profile:
    """Find a person who is enrolled."""
    found = await house.store.find(tenant, AccountId(account))
    assert found is not None
    return found


async def close(house: House, verification: Verification, profile: Profile) -> None:
    """Close a verification of a profile, the later the more were closed."""
    await house.store.close(replace(verification, profile=profile.id))


async def hear(house: House, ends: Sequence[Verification], profile: Profile) -> None:
    """Close verifications of a profile, one a minute; what was said in each is its number."""
    for number, end in enumerate(ends):
        late = end.ended_at + timedelta(minutes=number)
        said = (Fingerprint(b"%d" % number),)
        await close(house, replace(end, ended_at=late, fingerprints=said), profile)


async def test_mode_frames_and_fingerprints_of_an_enrollment_are_found(house: House) -> None:
    """In the order of the recordings; a warning changes nothing of it."""
    enrollment = replace(
        enrolled(), mode=Mode.TEXT_INDEPENDENT, warnings=(EnrollmentWarning.WATCHLISTED,)
    )
    assert await house.store.enroll(enrollment) == enrollment
    profile = await again(house)
    assert profile.mode is Mode.TEXT_INDEPENDENT
    assert profile.frames == tuple(one.frames for one in enrollment.recordings)
    assert profile.fingerprints == tuple(one.fingerprint for one in enrollment.recordings)
    assert profile.locked_until is None


async def test_phrase_likeness_and_explanation_are_kept(house: House) -> None:
    """What an agent is told comes back with the verdict."""
    whole = accepted(opening())
    tried = replace(
        whole.attempts[1], phrase=PhraseOutcome.RIGHT, replay=0.25, replay_shift_s=-0.048
    )
    found = (Finding.VOICE_MATCHES_STRONGLY, Finding.PHRASE_RIGHT)
    sentence = "Voice matches strongly; phrase right."
    closed = replace(whole, attempts=(tried,), explanation=sentence, findings=found)
    await house.store.close(closed)
    assert await house.store.verdict(closed.opening.id) == closed


async def test_fingerprints_of_verifications_are_kept_with_the_profile(house: House) -> None:
    """Whatever the verdict was, after those of the enrollment, in order."""
    profile = await person(house)
    first, second = Fingerprint(b"first"), Fingerprint(b"second")
    await close(house, replace(rejected(opening()), fingerprints=(first,)), profile)
    later = replace(hung_up(opening()), fingerprints=(second, first))
    await close(house, replace(later, ended_at=later.ended_at + timedelta(hours=1)), profile)
    assert (await again(house)).fingerprints[3:] == (first, second, first)


async def test_of_the_last_fifty_accepted_fingerprints_are_kept(house: House) -> None:
    """Older ones are forgotten; those of the enrollment never are."""
    profile = await person(house)
    await hear(house, [accepted(opening()) for _ in range(HEARD_VERIFICATIONS + 2)], profile)
    kept = (await again(house)).fingerprints
    assert kept[:3] == profile.fingerprints
    assert kept[3:] == tuple(b"%d" % number for number in range(2, HEARD_VERIFICATIONS + 2))


@pytest.mark.parametrize("end", [hung_up, rejected])
async def test_calls_that_accept_nobody_push_nothing_accepted_out(
    house: House, end: Callable[[Opening], Verification]
) -> None:
    """Whoever only says something, often enough, makes no recording of the person new again; nor
    do her own calls make those new that were tried on her."""
    profile = await person(house)
    heard = [accepted(opening()), *(end(opening()) for _ in range(HEARD_VERIFICATIONS + 2))]
    await hear(house, heard, profile)
    kept = (await again(house)).fingerprints[3:]
    assert kept == tuple(b"%d" % number for number in (0, *range(3, HEARD_VERIFICATIONS + 3)))


async def test_rejects_in_a_row_delay_and_then_lock(house: House) -> None:
    """An INCONCLUSIVE neither counts nor prolongs; an ACCEPT begins anew."""
    profile = await person(house)
    one = rejected(opening())
    late = one.ended_at + timedelta(days=1)
    for until in (None, one.ended_at + timedelta(seconds=60)):
        await close(house, replace(one, opening=opening()), profile)
        assert (await again(house)).locked_until == until
    await close(house, replace(hung_up(opening()), ended_at=late), profile)
    assert (await again(house)).locked_until == one.ended_at + timedelta(seconds=60)
    await close(house, rejected(opening()), profile)
    await close(house, rejected(opening()), profile)
    assert (await again(house)).locked_until == LOCKED
    await close(house, accepted(opening()), profile)
    assert (await again(house)).locked_until is None


@pytest.mark.parametrize(
    ("llr", "mode", "counts"),
    [
        (1.0, VerificationMode.ASKED, True),
        (2.7, VerificationMode.ASKED, False),
        (None, VerificationMode.ASKED, False),
        (1.0, VerificationMode.PASSIVE, False),
    ],
)
async def test_hanging_up_short_of_the_threshold_counts(
    house: House, llr: float | None, mode: VerificationMode, counts: bool
) -> None:
    """As a REJECT does, for who was asked: who guesses could else end each call before it."""
    profile = await person(house)
    evidence = None if llr is None else Llr(llr)
    for _ in range(RULES.lock_after):
        begun = replace(opening(), mode=mode)
        ended = replace(hung_up(begun), claim=accepted(begun).claim, threshold=Llr(2.7))
        await close(house, replace(ended, llr=evidence), profile)
    assert (await again(house)).locked_until == (LOCKED if counts else None)


async def test_rejects_at_once_are_all_counted(house: House) -> None:
    """Callers on all lines together get no more tries than one after another."""
    profile = await person(house)
    ends = (close(house, rejected(opening()), profile) for _ in range(RULES.lock_after))
    await asyncio.gather(*ends)
    assert (await again(house)).locked_until == LOCKED


async def test_rejects_of_one_caller_are_counted_over_all_accounts(house: House) -> None:
    """Who tries one account after another is locked out by number; others, and tenants, are not."""
    begun = replace(opening(), caller_number="+15550100")
    for account in ("a", "b"):
        profile = await person(house, account)
        await close(house, rejected(replace(begun, id=opening().id)), profile)
    until = rejected(begun).ended_at + timedelta(seconds=RULES.delay_s)
    assert await house.store.caller_locked_until(TENANT, "+15550100") == until
    assert await house.store.caller_locked_until(TENANT, "+15550101") is None
    assert await house.store.caller_locked_until(OTHER_TENANT, "+15550100") is None
    await house.store.close(accepted(replace(begun, id=opening().id)))
    assert await house.store.caller_locked_until(TENANT, "+15550100") is None


async def test_callers_without_a_number_are_not_one_caller(house: House) -> None:
    """Withheld numbers are not counted together."""
    for _ in range(RULES.lock_after):
        await house.store.close(rejected(opening()))
    assert await house.store.caller_locked_until(TENANT, "") is None


async def test_of_whoever_opted_out_meanwhile_nothing_is_kept(house: House) -> None:
    """Neither what was said in a call that ended after it, nor how it ended."""
    profile = await person(house)
    await house.opt_out()
    for _ in range(RULES.lock_after):
        late = replace(rejected(opening()), fingerprints=(Fingerprint(b"late"),))
        await close(house, late, profile)
    found = await again(house)
    assert found.state is ProfileState.OPTED_OUT
    assert (found.fingerprints, found.locked_until) == ((), None)


async def test_a_verdict_told_twice_counts_once(house: House) -> None:
    """Closing the same verification again is no further REJECT."""
    profile = await person(house)
    end = rejected(opening())
    await close(house, end, profile)
    await close(house, end, profile)
    assert (await again(house)).locked_until is None


async def test_a_group_has_its_enrolled_members(house: House) -> None:
    """By account, with their voices; another group, or tenant, has none of them."""
    for account in ("b", "a", "c"):
        await person(house, account)
    await house.join("night shift", AccountId("b"))
    await house.join("night shift", AccountId("a"))
    found = await house.store.group(TENANT, "night shift")
    assert [profile.account for profile in found] == ["a", "b"]
    assert [len(profile.voiceprints) for profile in found] == [3, 3]
    assert tuple(await house.store.group(TENANT, "day shift")) == ()
    assert tuple(await house.store.group(OTHER_TENANT, "night shift")) == ()


async def test_all_enrolled_are_returned_unless_they_are_too_many(house: House) -> None:
    """Of one tenant; where they are more than asked for, nobody."""
    for account in ("b", "a"):
        await person(house, account)
    await person(house, "c", OTHER_TENANT)
    found = await house.store.enrolled(TENANT, 2)
    assert [profile.account for profile in found] == ["a", "b"]
    assert [len(profile.voiceprints) for profile in found] == [3, 3]
    assert tuple(await house.store.enrolled(TENANT, 1)) == ()


async def test_a_watchlist_is_its_tenants_alone(house: House) -> None:
    """The voice comes back as it was given."""
    suspect = await house.watch()
    (found,) = await house.store.watchlist(TENANT)
    assert found.id == suspect
    (kept,) = found.voiceprints
    np.testing.assert_allclose(kept.embedding.vector, voiceprint(7).embedding.vector, atol=1e-6)
    assert tuple(await house.store.watchlist(OTHER_TENANT)) == ()
