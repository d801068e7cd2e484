"""Requests with an idempotency key: one does it, and another only once that one is gone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from ivr.domain.call import AccountId, TenantId
from ivr.storage import (
    Answered,
    ApiAnswers,
    ApiKeys,
    Asked,
    Database,
    ProfileAdministration,
    Undertaking,
)
from ivr.storage.api_answers import ABANDONED_AFTER
from ivr.storage.keys import Keyring
from tests.postgres import execute
from tests.unit.jobs.test_batches import rows

TENANT = TenantId("harbour bank")
AGE = f"UPDATE api_answers SET created_at = created_at - interval '{ABANDONED_AFTER}'"


@pytest.fixture
async def asked(database: Database, keyring: Keyring) -> Asked:
    """A request of a program that has a key."""
    key = uuid4()
    told = {"who": "ann", "why": "test"}
    await ApiKeys(database, keyring).add(TENANT, key, "test", bytes(32), (), None, **told)
    return Asked(TENANT, key, bytes(32), bytes(32))


async def _undertaken(answers: ApiAnswers, asked: Asked) -> Undertaking:
    undertaking = await answers.begin(asked, datetime.now(UTC))
    assert isinstance(undertaking, Undertaking)
    return undertaking


async def test_what_is_said_to_be_done_still_is_left_to_who_does_it(
    database: Database, keyring: Keyring, database_dsn: str, asked: Asked
) -> None:
    """However long it takes; then the answer is told to all."""
    answers = ApiAnswers(database, keyring)
    undertaking = await _undertaken(answers, asked)
    await execute(database_dsn, AGE)
    await answers.renew(undertaking)
    known = await answers.begin(asked, datetime.now(UTC))
    assert known == Answered(same=True, status=None, body=None)
    await answers.keep(undertaking, 200, b"{}")
    known = await answers.begin(asked, datetime.now(UTC))
    assert known == Answered(same=True, status=200, body=b"{}")


async def test_who_was_taken_for_gone_answers_no_more(
    database: Database, keyring: Keyring, database_dsn: str, asked: Asked
) -> None:
    """Nor does it drop what another does."""
    answers = ApiAnswers(database, keyring)
    first = await _undertaken(answers, asked)
    await execute(database_dsn, AGE)
    second = await _undertaken(answers, asked)
    await answers.renew(first)
    await answers.drop(first)
    await answers.keep(first, 200, b'"first"')
    known = await answers.begin(asked, datetime.now(UTC))
    assert known == Answered(same=True, status=None, body=None)
    await answers.keep(second, 200, b'"second"')
    known = await answers.begin(asked, datetime.now(UTC))
    assert known == Answered(same=True, status=200, body=b'"second"')


async def test_of_who_is_erased_meanwhile_no_answer_is_kept(
    database: Database, keyring: Keyring, database_dsn: str, asked: Asked
) -> None:
    """Whoever comes first: the person has left nothing behind, and may be asked about anew."""
    answers, administration = ApiAnswers(database, keyring), ProfileAdministration(database)
    for number in range(10):
        account = AccountId(f"47{number}")
        undertaking = await _undertaken(answers, asked)
        await answers.concern(undertaking, account)
        await asyncio.gather(
            answers.keep(undertaking, 200, account.encode()),
            administration.erase(TENANT, account, who="ann", why="asked to"),
        )
        assert await rows(database_dsn, "SELECT account, body FROM api_answers") == []
