"""Erasure: whichever way it is asked for, the person's name is left nowhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from ivr.domain.azure import AzureKind, AzureProfile
from ivr.domain.batch import BatchKind
from ivr.domain.call import AccountId
from ivr.storage import (
    ApiAnswers,
    ApiKeys,
    Asked,
    AzureProfiles,
    Batches,
    Database,
    Keyring,
    PostgresStore,
    ProfileAdministration,
    RetentionRules,
    Undertaking,
    Wish,
    retain,
)
from tests.unit.storage.records import MODEL, TENANT, accepted, declined, opening

NAMING = [
    "api_answers.account",
    "api_answers.body",
    "batch_items.account",
    "enrollments.account",
    "profiles.account",
    "verifications.claim_account",
]
"""Where the person below is named before the erasure."""

Way = Callable[[Database, Keyring, AzureProfile], Awaitable[None]]


async def by_an_operator(database: Database, keyring: Keyring, person: AzureProfile) -> None:
    """`countersign profiles erase`, and DELETE of our own API."""
    told = {"who": "ann", "why": "asked to"}
    assert await ProfileAdministration(database).erase(TENANT, person.account, **told)


async def by_azures_api(database: Database, keyring: Keyring, person: AzureProfile) -> None:
    """DELETE of the Azure-compatible API."""
    assert await AzureProfiles(database, keyring, MODEL).erase(TENANT, person, who="key 7")


async def by_retention(database: Database, keyring: Keyring, person: AzureProfile) -> None:
    """Expired, and after that erased."""
    rules, now = RetentionRules(expire_days=1, erase_days=1), datetime.now(UTC)
    done = [await retain(database, TENANT, rules, now + timedelta(days=days)) for days in (2, 4)]
    assert [(each.expired, each.erased) for each in done] == [(1, 0), (0, 1)]


@pytest.fixture
async def person(
    database: Database, keyring: Keyring, postgres_store: PostgresStore
) -> AzureProfile:
    """Somebody whom a call, an enrollment, a batch and a kept answer name."""
    azure = AzureProfiles(database, keyring, MODEL)
    made = await azure.make(TENANT, AzureKind.TEXT_INDEPENDENT_VERIFICATION, "en-US")
    closed = accepted(opening())
    assert closed.claim is not None
    await postgres_store.close(replace(closed, claim=replace(closed.claim, account=made.account)))
    await postgres_store.enroll(declined(made.account))
    await _ordered(Batches(database, keyring), made.account)
    await _answered(database, keyring, made.account)
    return made


async def _ordered(batches: Batches, account: AccountId) -> None:
    wishes = [
        Wish(each, (Path(f"/calls/{number}.wav"),), None)
        for number, each in enumerate((account, AccountId("other")))
    ]
    for number in (1, 2):
        folder, kind = Path("/calls"), BatchKind.VERIFY
        await batches.order(TENANT, kind, wishes[:number], folder, bytes([number]), who="ann")


async def _answered(database: Database, keyring: Keyring, account: AccountId) -> None:
    key, answers = uuid4(), ApiAnswers(database, keyring)
    asked = Asked(TENANT, key, bytes(32), bytes(32))
    told = {"who": "ann", "why": "test"}
    await ApiKeys(database, keyring).add(TENANT, key, "test", bytes(32), (), None, **told)
    undertaking = await answers.begin(asked, datetime.now(UTC))
    assert isinstance(undertaking, Undertaking)
    await answers.concern(undertaking, account)
    await answers.keep(undertaking, 200, account.encode())


@pytest.mark.parametrize("way", [by_an_operator, by_azures_api, by_retention])
async def test_of_who_is_erased_no_name_is_left(
    database: Database, keyring: Keyring, database_dsn: str, person: AzureProfile, way: Way
) -> None:
    """Not in records of calls, batches or kept answers; the trail has the profile's id alone."""
    assert await _naming(database_dsn, person.account) == NAMING
    await way(database, keyring, person)
    assert await _naming(database_dsn, person.account) == []


async def test_a_kept_answer_is_forgotten_after_a_day(
    database: Database, database_dsn: str, person: AzureProfile
) -> None:
    """Whatever else is to be kept for how long, and also if nobody asks again."""
    for hours, kept in ((23, True), (25, False)):
        await retain(database, TENANT, RetentionRules(), datetime.now(UTC) + timedelta(hours=hours))
        assert ("api_answers.body" in await _naming(database_dsn, person.account)) is kept


async def _naming(dsn: str, name: str) -> list[str]:
    """Return each column of words or octets in which a name stands."""
    connection = await asyncpg.connect(dsn)
    try:
        columns = await connection.fetch(
            "SELECT table_name, column_name, data_type FROM information_schema.columns "
            "WHERE table_schema = 'public' AND data_type IN ('text', 'bytea') ORDER BY 1, 2"
        )
        return [
            f"{table}.{column}"
            for table, column, kind in columns
            if await connection.fetchval(
                f"SELECT count(*) FROM {table} WHERE position($1 IN {column}) > 0",
                name if kind == "text" else name.encode(),
            )
        ]
    finally:
        await connection.close()
