"""What an operator can see and do, and what stays after a person is erased."""

from __future__ import annotations

from dataclasses import replace

import asyncpg
import pytest

from ivr.domain.call import AccountId
from ivr.domain.enrollment import EnrollmentResult
from ivr.domain.profile import ProfileState
from ivr.storage.administration import ProfileAdministration
from ivr.storage.browsing import Browsing
from ivr.storage.database import Database
from ivr.storage.outbox import unavailable
from ivr.storage.store import PostgresStore
from ivr.storage.verdicts import NotOursError
from tests.postgres import execute
from tests.unit.storage.records import (
    ACCOUNT,
    MODEL,
    OTHER_TENANT,
    TENANT,
    accepted,
    declined,
    enrolled,
    opening,
)


@pytest.fixture
def administration(database: Database) -> ProfileAdministration:
    """An operator's view of a fresh database."""
    return ProfileAdministration(database)


async def test_profiles_are_listed_by_tenant_and_account(
    administration: ProfileAdministration,
    postgres_store: PostgresStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All of them, or those of one tenant, however many are read at a time."""
    monkeypatch.setattr("ivr.storage.administration.PAGE", 1)
    for tenant, account in ((TENANT, "b"), (TENANT, "a"), (OTHER_TENANT, "c")):
        await postgres_store.enroll(enrolled(AccountId(account), tenant))
    every = [one async for one in administration.list()]
    assert [(one.tenant, one.account) for one in every] == [
        (TENANT, "a"),
        (TENANT, "b"),
        (OTHER_TENANT, "c"),
    ]
    assert [one.account async for one in administration.list(OTHER_TENANT)] == ["c"]
    assert {(one.state, one.consented, one.voiceprints) for one in every} == {
        (ProfileState.ENROLLED, True, 3)
    }


async def test_details_show_consent_and_quality_without_the_voice(
    administration: ProfileAdministration, postgres_store: PostgresStore
) -> None:
    """An unknown account has none."""
    enrollment = enrolled()
    await postgres_store.enroll(enrollment)
    details = await administration.show(TENANT, ACCOUNT)
    assert details is not None
    assert details.consents == (enrollment.consent,)
    assert details.voiceprints == tuple((MODEL, one.quality) for one in enrollment.voiceprints)
    assert await administration.show(OTHER_TENANT, ACCOUNT) is None


@pytest.mark.parametrize("state", list(ProfileState))
async def test_a_reset_profile_can_enroll_anew(
    administration: ProfileAdministration,
    postgres_store: PostgresStore,
    database_dsn: str,
    state: ProfileState,
) -> None:
    """Whatever its state was; voiceprints and consents are gone, the id stays."""
    await postgres_store.enroll(enrolled())
    await execute(database_dsn, f"UPDATE profiles SET state = '{state}'")
    before = await postgres_store.find(TENANT, ACCOUNT)
    assert await administration.reset(TENANT, ACCOUNT, who="ann", why="new telephone")
    reset = await postgres_store.find(TENANT, ACCOUNT)
    assert before is not None
    assert reset is not None
    assert (reset.id, reset.state) == (before.id, ProfileState.ENROLLING)
    assert (reset.consented, reset.voiceprints) == (False, ())
    again = await postgres_store.enroll(enrolled())
    assert again.result is EnrollmentResult.ENROLLED
    assert not await administration.reset(TENANT, AccountId("nobody"), who="ann", why="x")


@pytest.mark.parametrize(
    ("state", "result"),
    [
        (ProfileState.OPTED_OUT, "FAILED/OPTED_OUT"),
        (ProfileState.ENROLLED, "FAILED/ALREADY_ENROLLED"),
        (ProfileState.EXPIRED, "ENROLLED/COMPLETE"),
        (ProfileState.ENROLLING, "ENROLLED/COMPLETE"),
    ],
)
async def test_a_profile_is_enrolled_anew_only_where_its_state_allows(
    postgres_store: PostgresStore, database_dsn: str, state: ProfileState, result: str
) -> None:
    """Who opted out stays out; an expired profile gets new voiceprints in place of the old."""
    await postgres_store.enroll(enrolled())
    await execute(database_dsn, f"UPDATE profiles SET state = '{state}'")
    ended = await postgres_store.enroll(enrolled())
    assert f"{ended.result}/{ended.reason}" == result
    profile = await postgres_store.find(TENANT, ACCOUNT)
    assert profile is not None
    assert len(profile.voiceprints) == 3


async def test_an_erased_person_is_gone_and_the_records_keep_their_outcome(
    administration: ProfileAdministration,
    database: Database,
    postgres_store: PostgresStore,
    database_dsn: str,
) -> None:
    """Nothing in any table holds the account; the verdict, and that it happened, stay."""
    account = AccountId("erase-me-8472")
    await postgres_store.enroll(enrolled(account))
    await postgres_store.enroll(declined(account))
    profile = await postgres_store.find(TENANT, account)
    assert profile is not None
    closed = accepted(opening())
    assert closed.claim is not None
    closed = replace(closed, profile=profile.id, claim=replace(closed.claim, account=account))
    await postgres_store.close(closed)
    assert await administration.erase(TENANT, account, who="ann", why="asked to")
    assert not await administration.erase(TENANT, account, who="ann", why="asked to")
    assert await postgres_store.find(TENANT, account) is None
    record = await Browsing(database).verification(TENANT, closed.opening.id)
    assert record == replace(closed, profile=None, claim=None)
    # No call is told it any more: whom it was about, and its stamp with that, is gone.
    with pytest.raises(NotOursError):
        await postgres_store.verdict(closed.opening.id)
    assert account not in await _dump(database_dsn)


async def test_a_verdict_that_arrives_after_the_erasure_does_not_bring_the_person_back(
    administration: ProfileAdministration, postgres_store: PostgresStore, database_dsn: str
) -> None:
    """As when it waited in an outbox: it is stored, without profile and account."""
    await postgres_store.enroll(enrolled())
    profile = await postgres_store.find(TENANT, ACCOUNT)
    assert profile is not None
    late = unavailable(replace(accepted(opening()), profile=profile.id))
    await administration.erase(TENANT, ACCOUNT, who="ann", why="asked to")
    await postgres_store.close(late)
    assert await postgres_store.verdict(late.opening.id) == replace(late, profile=None, claim=None)


async def test_a_verification_cannot_name_a_profile_of_another_tenant(
    database: Database, postgres_store: PostgresStore
) -> None:
    """The link is left out: nothing crosses tenants."""
    await postgres_store.enroll(enrolled(tenant=OTHER_TENANT))
    theirs = await postgres_store.find(OTHER_TENANT, ACCOUNT)
    assert theirs is not None
    closed = replace(accepted(opening()), profile=theirs.id)
    await postgres_store.close(closed)
    kept = await Browsing(database).verification(TENANT, closed.opening.id)
    assert kept is not None
    assert kept.profile is None


async def test_the_audit_trail_says_who_did_what_to_whom(
    administration: ProfileAdministration, postgres_store: PostgresStore, database_dsn: str
) -> None:
    """By profile id, in order, with the reason given."""
    await postgres_store.enroll(enrolled())
    profile = await postgres_store.find(TENANT, ACCOUNT)
    assert profile is not None
    await postgres_store.enroll(declined())
    await postgres_store.close(replace(accepted(opening()), profile=profile.id))
    await administration.reset(TENANT, ACCOUNT, who="ann", why="new telephone")
    await administration.erase(TENANT, ACCOUNT, who="bob", why="asked to")
    connection = await asyncpg.connect(database_dsn)
    trail = await connection.fetch("SELECT who, what, whom, why FROM audit ORDER BY id")
    await connection.close()
    assert [tuple(entry) for entry in trail] == [
        ("countersign-a", "profile_enrolled", profile.id, "COMPLETE"),
        ("countersign-a", "enrollment_ended", None, "NO_CONSENT"),
        ("countersign-a", "verification_closed", profile.id, "MATCH"),
        ("ann", "profile_reset", profile.id, "new telephone"),
        ("bob", "profile_erased", profile.id, "asked to"),
    ]


async def _dump(dsn: str) -> str:
    connection = await asyncpg.connect(dsn)
    try:
        tables = await connection.fetch(
            "SELECT relname FROM pg_class WHERE relkind = 'r' "
            "AND relnamespace = 'public'::regnamespace"
        )
        contents = [await connection.fetch(f"SELECT * FROM {name}") for (name,) in tables]
        return repr(contents)
    finally:
        await connection.close()
