"""The outbox: a verdict is kept whatever fails, told once, and stored when the store is back."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from engine.types import Reason, Verdict
from ivr.domain.verification import Verification
from ivr.ports import StoreUnavailableError
from ivr.storage.errors import StoreRefusedError
from ivr.storage.letters import LetterBox
from ivr.storage.outbox import Outbox, unavailable
from tests.fakes.profile_store import FakeProfileStore
from tests.patience import PATIENCE_S
from tests.unit.storage.records import (
    ACCOUNT,
    LETTER_KEY,
    TENANT,
    WORKER,
    accepted,
    enrolled,
    hung_up,
    opening,
    rejected,
)

NEVER_S = 3600.0


@dataclass
class WatchedStore(FakeProfileStore):
    """A fake store that refuses some verifications for good, and tells when it has stored one."""

    refused: set[object] = field(default_factory=set)
    stored: asyncio.Event = field(default_factory=asyncio.Event)

    async def close(self, verification: Verification) -> Verification:
        """Keep it, or refuse it."""
        if verification.opening.id in self.refused:
            raise StoreRefusedError("refused for good")
        kept = await super().close(verification)
        self.stored.set()
        return kept


@pytest.fixture
def store() -> WatchedStore:
    """A store that a test can send away."""
    return WatchedStore()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the letters are."""
    return tmp_path / "outbox"


@pytest.fixture
async def outbox(store: WatchedStore, folder: Path) -> AsyncIterator[Outbox]:
    """An outbox that tries the store once, and again only when woken."""
    async with Outbox(folder, store, LETTER_KEY, patience_s=0.0, backoff_s=NEVER_S) as outbox:
        yield outbox


@pytest.fixture
async def without_postman(store: WatchedStore, folder: Path) -> Outbox:
    """An outbox that delivers when it is told to, and not besides."""
    outbox = Outbox(folder, store, LETTER_KEY, patience_s=0.0)
    await outbox.writable()
    return outbox


def names(folder: Path) -> list[str]:
    """Return the names of the files in a folder."""
    return [file.name for file in folder.iterdir()]


async def soon(event: asyncio.Event) -> None:
    """Wait for what must happen by itself."""
    async with asyncio.timeout(PATIENCE_S):
        await event.wait()


async def test_a_verdict_goes_to_the_store_where_it_can(
    outbox: Outbox, store: WatchedStore, folder: Path
) -> None:
    """Nothing is left in the folder."""
    closed = accepted(opening())
    assert await outbox.close(closed) == closed
    assert store.closed[closed.opening.id] == closed
    assert not names(folder)


async def test_without_the_store_a_call_ends_inconclusive(
    outbox: Outbox, store: WatchedStore
) -> None:
    """Attempts and claim are kept; no evidence is told; the same answer comes every time."""
    store.away = True
    closed = accepted(opening())
    told = await outbox.close(closed)
    assert (told.verdict, told.reason) == (Verdict.INCONCLUSIVE, Reason.UNAVAILABLE)
    assert (told.llr, told.confidence) == (None, 0)
    assert told == replace(unavailable(closed), attempts=closed.attempts, claim=closed.claim)
    assert await outbox.close(rejected(closed.opening)) == told
    assert await outbox.verdict(closed.opening.id) == told


async def test_a_waiting_verdict_holds_even_when_the_store_is_back(
    outbox: Outbox, store: WatchedStore
) -> None:
    """It was told to the dialplan: a later close does not overtake it."""
    store.away = True
    begun = opening()
    told = await outbox.close(accepted(begun))
    store.away = False
    assert await outbox.close(accepted(begun)) == told


async def test_a_waiting_verdict_is_not_unfinished(outbox: Outbox, store: WatchedStore) -> None:
    """The orphan sweep must not close it a second time."""
    begun, other = opening(), opening()
    await outbox.open(begun)
    await outbox.open(other)
    store.away = True
    await outbox.close(accepted(begun))
    with pytest.raises(StoreUnavailableError):
        await outbox.unfinished(WORKER)
    store.away = False
    assert tuple(await outbox.unfinished(WORKER)) == (other,)


async def test_any_success_of_the_store_wakes_the_postman(
    outbox: Outbox, store: WatchedStore, folder: Path
) -> None:
    """The verdict is stored then, without waiting for the backoff."""
    store.away = True
    told = await outbox.close(accepted(opening()))
    store.away = False
    assert await outbox.find(TENANT, ACCOUNT) is None
    await soon(store.stored)
    assert store.closed == {told.opening.id: told}


async def test_the_postman_comes_back_by_himself(store: WatchedStore, folder: Path) -> None:
    """Without any other statement, after the backoff."""
    store.away = True
    async with Outbox(folder, store, LETTER_KEY, patience_s=0.0, backoff_s=0.01) as outbox:
        told = await outbox.close(accepted(opening()))
        store.away = False
        await soon(store.stored)
    assert store.closed == {told.opening.id: told}


async def test_what_waits_at_start_is_stored(store: WatchedStore, folder: Path) -> None:
    """A verdict outlives the process that wrote it."""
    left = unavailable(accepted(opening()))
    box = LetterBox(folder, LETTER_KEY)
    box.prepare(0.0)
    box.put(left)
    async with Outbox(folder, store, LETTER_KEY):
        await soon(store.stored)
    assert store.closed == {left.opening.id: left}


async def test_a_corrupt_file_is_set_aside_and_blocks_nobody(
    without_postman: Outbox, store: WatchedStore, folder: Path
) -> None:
    """The log names the file; the others are stored."""
    corrupt, good = opening(), unavailable(accepted(opening()))
    (folder / f"{corrupt.id}.sealed").write_text("{torn")
    LetterBox(folder, LETTER_KEY).put(good)
    with capture_logs() as logs:
        await without_postman.deliver()
    assert store.closed == {good.opening.id: good}
    assert names(folder) == [f"{corrupt.id}.undeliverable"]
    (entry,) = [entry for entry in logs if entry["event"] == "verdict_set_aside"]
    assert entry["file"] == f"{corrupt.id}.undeliverable"
    assert entry["log_level"] == "error"


async def test_a_verdict_that_the_store_refuses_blocks_nobody(
    without_postman: Outbox, store: WatchedStore, folder: Path
) -> None:
    """It is told as unavailable at once, set aside at delivery, and the others are stored."""
    bad, good = accepted(opening()), unavailable(hung_up(opening()))
    store.refused.add(bad.opening.id)
    told = await without_postman.close(bad)
    assert told == unavailable(bad)
    LetterBox(folder, LETTER_KEY).put(good)
    await without_postman.deliver()
    assert store.closed == {good.opening.id: good}
    assert names(folder) == [f"{bad.opening.id}.undeliverable"]


async def test_a_folder_that_fails_too_still_ends_the_call(
    outbox: Outbox, store: WatchedStore, folder: Path
) -> None:
    """The caller is told INCONCLUSIVE, and the log that a verdict was lost, without the account."""
    store.away = True
    shutil.rmtree(folder)
    closed = accepted(opening())
    with capture_logs() as logs:
        told = await outbox.close(closed)
    assert told == unavailable(closed)
    (entry,) = [entry for entry in logs if entry["event"] == "verdict_lost"]
    assert entry["log_level"] == "error"
    assert entry["verification"] == str(closed.opening.id)
    assert not any(ACCOUNT in str(value) for value in entry.values())


async def test_two_outboxes_may_share_a_folder(store: WatchedStore, folder: Path) -> None:
    """What one keeps, the other knows and delivers."""
    store.away = True
    ours, theirs = (Outbox(folder, store, LETTER_KEY, patience_s=0.0) for _ in range(2))
    await ours.writable()
    begun = opening()
    told = await asyncio.gather(ours.close(accepted(begun)), theirs.close(rejected(begun)))
    assert told[0].verdict is told[1].verdict is Verdict.INCONCLUSIVE
    store.away = False
    await asyncio.gather(ours.deliver(), theirs.deliver())
    assert store.closed.keys() == {begun.id}
    assert not names(folder)


async def test_the_log_says_where_the_store_knows_another_verdict(
    without_postman: Outbox, store: WatchedStore, folder: Path
) -> None:
    """A commit whose answer was lost cannot be undone, but it is not hidden."""
    closed = accepted(opening())
    await store.close(closed)
    LetterBox(folder, LETTER_KEY).put(unavailable(closed))
    with capture_logs() as logs:
        await without_postman.deliver()
    assert [
        entry["stored"] for entry in logs if entry["event"] == "verdict_stored_differs_from_told"
    ] == [Verdict.ACCEPT]
    assert not names(folder)


async def test_patience_bridges_a_short_absence(store: WatchedStore, folder: Path) -> None:
    """A store that is back within the patience gets the verdict itself."""
    store.away = True
    closed = accepted(opening())
    async with Outbox(folder, store, LETTER_KEY, patience_s=PATIENCE_S) as outbox:
        closing = asyncio.create_task(outbox.close(closed))
        await asyncio.sleep(0)
        store.away = False
        assert await closing == closed
    assert not names(folder)


async def test_other_statements_pass_through(outbox: Outbox, store: WatchedStore) -> None:
    """The outbox is a profile store in every other respect."""
    enrollment = enrolled()
    assert await outbox.enroll(enrollment) == enrollment
    assert await outbox.find(TENANT, ACCOUNT) == store.profiles[TENANT, ACCOUNT]
    store.away = True
    with pytest.raises(StoreUnavailableError):
        await outbox.find(TENANT, ACCOUNT)
