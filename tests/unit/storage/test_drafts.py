"""Drafts: of several who begin one person's profile at once, one does."""

from __future__ import annotations

import asyncio

import pytest

from ivr.domain.call import AccountId
from ivr.storage import Database, Drafts, PostgresStore
from tests.postgres import execute
from tests.unit.jobs.batching import TERMS
from tests.unit.jobs.test_batches import rows
from tests.unit.storage.records import TENANT, enrolled

ANN = {"who": "ann", "why": "asked to"}
ACCOUNTS = [AccountId(f"47{number}") for number in range(6)]
AT_ONCE = 3

BEFORE = {
    "nobody": "DELETE FROM profiles",
    "reset": "WITH withdrawn AS (DELETE FROM consents) UPDATE profiles SET state = 'enrolling'",
    "expired": "UPDATE profiles SET state = 'expired'",
}
"""What makes of enrolled profiles such as may be begun."""


@pytest.mark.parametrize("before", BEFORE)
async def test_of_several_at_once_one_begins(
    database: Database, postgres_store: PostgresStore, database_dsn: str, before: str
) -> None:
    """The others are told that it is in use, and the consent of the one stands."""
    drafts = Drafts(database)
    for account in ACCOUNTS:
        await postgres_store.enroll(enrolled(account))
    await execute(database_dsn, BEFORE[before])
    begun = await asyncio.gather(
        *(
            drafts.begin(TENANT, account, TERMS, **ANN)
            for account in ACCOUNTS
            for _ in range(AT_ONCE)
        )
    )
    assert [
        sum(each is not None for each in begun[place : place + AT_ONCE])
        for place in range(0, len(begun), AT_ONCE)
    ] == [1] * len(ACCOUNTS)
    kept = await rows(database_dsn, "SELECT profile FROM consents")
    assert sorted(kept) == sorted((each,) for each in begun if each is not None)


async def test_what_is_in_use_stays_as_it_is(
    database: Database, postgres_store: PostgresStore, database_dsn: str
) -> None:
    """Voice, consent and passphrase."""
    (account, *_) = ACCOUNTS
    await postgres_store.enroll(enrolled(account))
    before = await rows(database_dsn, "SELECT * FROM profiles")
    assert await Drafts(database).begin(TENANT, account, TERMS, **ANN) is None
    assert await rows(database_dsn, "SELECT * FROM profiles") == before
    assert await rows(database_dsn, "SELECT count(*) FROM voiceprints") == [(3,)]
