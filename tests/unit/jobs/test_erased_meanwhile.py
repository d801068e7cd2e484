"""A person is erased while a batch verifies a recording: nobody's account is written again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from ivr.domain.batch import BatchKind
from ivr.domain.call import AccountId, TenantId
from ivr.domain.claim import Claim, ClaimSource
from ivr.domain.profile import Profile
from ivr.domain.verification import Verification, VerificationId
from ivr.jobs.queue import Ticket
from ivr.storage import Database, Keyring, PostgresStore, Wish
from ivr.storage.administration import ProfileAdministration
from tests.unit.jobs.batching import TENANT, Stage, stage_of
from tests.unit.offline.files import HIM
from tests.unit.storage.records import accepted, enrolled, opening

ACCOUNT = AccountId("4711")
ANN = {"who": "ann", "why": "asked to"}


@pytest.fixture
async def stage(tmp_path: Path, database: Database, keyring: Keyring) -> AsyncIterator[Stage]:
    """A folder, and whoever does batches of it."""
    async with stage_of(tmp_path, database, keyring) as stage:
        yield stage


class ErasedAtOnce(PostgresStore):
    """Somebody erases the person before the profile is looked for."""

    async def find(self, tenant: TenantId, account: AccountId) -> Profile | None:
        await ProfileAdministration(self._database).erase(tenant, account, **ANN)
        return await super().find(tenant, account)


class ErasedAtLast(PostgresStore):
    """Somebody erases the person before the verdict is written."""

    async def close(self, verification: Verification) -> Verification:
        assert verification.claim is not None
        claim = verification.claim
        await ProfileAdministration(self._database).erase(claim.tenant, claim.account, **ANN)
        return await super().close(verification)


async def verdicts(dsn: str) -> list[tuple[object, ...]]:
    """Return what is recorded, above row-level security."""
    connection = await asyncpg.connect(dsn)
    try:
        said = "SELECT claim_account, profile, verdict, reason FROM verifications"
        return [tuple(row) for row in await connection.fetch(said)]
    finally:
        await connection.close()


@pytest.mark.parametrize("enrolled", [True, False])
@pytest.mark.parametrize("store", [ErasedAtOnce, ErasedAtLast])
async def test_who_is_erased_while_being_verified_is_named_by_no_record(
    stage: Stage,
    database: Database,
    keyring: Keyring,
    database_dsn: str,
    store: type[PostgresStore],
    enrolled: bool,
) -> None:
    """Whether the account had a voice or not; the batch goes on with the others."""
    if enrolled:
        await stage.do(await stage.order(BatchKind.ENROLL, stage.person("4711", HIM)))
    calls = [
        Wish(AccountId(account), (stage.record(f"{account}.wav", 7, HIM),), None)
        for account in (ACCOUNT, "4712")
    ]
    batch = await stage.order(BatchKind.VERIFY, *calls)
    his, others = await stage.lines(batch)
    erasing = replace(stage, office=replace(stage.office, store=store(database, keyring)))
    await erasing.duty.work(Ticket(TENANT, str(his.id)))
    await stage.duty.work(Ticket(TENANT, str(others.id)))
    (line,) = await stage.lines(batch)
    assert (line.account, line.result, line.reason) == ("4712", "INCONCLUSIVE", "NOT_ENROLLED")
    first, second = await verdicts(database_dsn)
    assert first[:2] == (None, None)
    if store is ErasedAtOnce:
        assert first[2:] == ("INCONCLUSIVE", "NOT_ENROLLED")
    assert second == ("4712", None, "INCONCLUSIVE", "NOT_ENROLLED")


async def test_an_erasure_at_the_very_moment_of_a_verdict_is_whole(
    stage: Stage, database_dsn: str
) -> None:
    """Whichever is first, with a profile or without: no record names the person."""
    profiles = ProfileAdministration(stage.database)
    file = (stage.record("call.wav", 7, HIM),)
    people = [AccountId(str(number)) for number in range(20)]
    batch = await stage.order(BatchKind.VERIFY, *(Wish(each, file, None) for each in people))
    for number, line in enumerate(await stage.lines(batch)):
        claim = Claim(TENANT, line.account, ClaimSource.DIALPLAN)
        begun = replace(opening(), id=VerificationId(line.id))
        known = replace(accepted(begun), claim=claim, ordered=True)
        if number % 2:
            await stage.office.store.enroll(enrolled(line.account, TENANT))
            found = await stage.office.store.find(TENANT, line.account)
            assert found is not None
            known = replace(known, profile=found.id)
        await asyncio.gather(
            stage.office.store.close(known),
            profiles.erase(TENANT, line.account, **ANN),
        )
    told = await verdicts(database_dsn)
    assert len(told) == len(people)
    assert {each[:2] for each in told} == {(None, None)}
