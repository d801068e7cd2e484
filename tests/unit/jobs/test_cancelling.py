"""A batch that is cancelled: nothing more is begun, and the report says what was done."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from ivr.domain.batch import BatchId, BatchKind
from ivr.domain.call import AccountId, TenantId
from ivr.domain.profile import Profile
from ivr.storage import Database, Keyring, PostgresStore, StoreRefusedError, Wish
from tests.unit.jobs.batching import TENANT, Stage, stage_of
from tests.unit.offline.files import HIM

ACCOUNT = AccountId("4711")


@pytest.fixture
async def stage(tmp_path: Path, database: Database, keyring: Keyring) -> AsyncIterator[Stage]:
    """A folder, and whoever does batches of it."""
    async with stage_of(tmp_path, database, keyring) as stage:
        yield stage


async def test_what_is_cancelled_is_not_done(stage: Stage, postgres_store: PostgresStore) -> None:
    """What was done before stays."""
    batch = await stage.order(BatchKind.ENROLL, stage.person("4711", HIM))
    assert await stage.batches.cancel(TENANT, batch, who="ann") == 1
    await stage.do(batch)
    assert await stage.results(batch) == ["CANCELLED"]
    assert await postgres_store.find(TENANT, ACCOUNT) is None


class _CancelledMeanwhile(PostgresStore):
    """Somebody cancels the batch when a worker has begun its item; the store may then fail."""

    def __init__(self, stage: Stage, keyring: Keyring, batch: BatchId, *, fails: bool) -> None:
        super().__init__(stage.database, keyring)
        self._batches = stage.batches
        self._batch = batch
        self._fails = fails

    async def find(self, tenant: TenantId, account: AccountId) -> Profile | None:
        await self._batches.cancel(TENANT, self._batch, who="ann")
        if self._fails:
            raise StoreRefusedError("a test refuses it")
        return await super().find(tenant, account)


async def cancelled_meanwhile(
    stage: Stage, keyring: Keyring, batch: BatchId, *, fails: bool = False
) -> None:
    """Do the batch, while somebody cancels it."""
    store = _CancelledMeanwhile(stage, keyring, batch, fails=fails)
    await replace(stage, office=replace(stage.office, store=store)).do(batch)


async def test_an_enrollment_that_had_begun_is_in_the_report(
    stage: Stage, keyring: Keyring, postgres_store: PostgresStore
) -> None:
    """The person is enrolled: whoever reads CANCELLED would not know whose voice is kept."""
    batch = await stage.order(BatchKind.ENROLL, stage.person("4711", HIM))
    await cancelled_meanwhile(stage, keyring, batch)
    (line,) = await stage.lines(batch)
    assert await postgres_store.find(TENANT, ACCOUNT) is not None
    assert (line.result, line.reason, line.remarks) == ("ENROLLED", "COMPLETE", ("kept",) * 3)


async def test_a_verdict_that_had_begun_is_in_the_report(stage: Stage, keyring: Keyring) -> None:
    """It is recorded, and may have counted."""
    claim = Wish(ACCOUNT, (stage.record("call.wav", 7, HIM),), None)
    batch = await stage.order(BatchKind.VERIFY, claim)
    await cancelled_meanwhile(stage, keyring, batch)
    (line,) = await stage.lines(batch)
    assert (line.result, line.reason) == ("INCONCLUSIVE", "NOT_ENROLLED")


async def test_what_came_to_nothing_stays_cancelled(stage: Stage, keyring: Keyring) -> None:
    """Nobody is asked to mend what is not wanted any more."""
    batch = await stage.order(BatchKind.ENROLL, stage.person("4711", HIM))
    await cancelled_meanwhile(stage, keyring, batch, fails=True)
    assert await stage.results(batch) == ["CANCELLED"]
