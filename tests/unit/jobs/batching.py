"""Recordings in a folder, and an office on PostgreSQL that takes batches of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import soundfile

from engine.types import Locale
from ivr.clock import SystemClock
from ivr.domain.batch import BatchId, BatchKind, BatchLine
from ivr.domain.call import AccountId, TenantId
from ivr.domain.consent import Consent, ConsentGiven
from ivr.domain.mode import Mode
from ivr.domain.passphrase import DEFAULT_PASSPHRASE
from ivr.flows.rules import EnrollRules, VerifyRules
from ivr.jobs import BatchWork
from ivr.jobs.queue import Ticket
from ivr.offline import Office
from ivr.storage import Batches, Database, Keyring, PostgresStore, Terms, Wish
from ivr.voice import EngineVoice
from ivr.words import Words
from tests.unit.offline.conftest import ENGINE, SHORT
from tests.unit.offline.files import sung

TENANT = TenantId("harbour bank")
TERMS = Terms(
    Consent("en-US/1", ConsentGiven.DOCUMENT, datetime(2025, 1, 31, tzinfo=UTC)),
    Locale("en-US"),
    Mode.TEXT_INDEPENDENT,
    DEFAULT_PASSPHRASE,
)


@dataclass(frozen=True, slots=True)
class Stage:
    """One folder, and whoever does batches of it."""

    folder: Path
    database: Database
    batches: Batches
    office: Office

    @property
    def duty(self) -> BatchWork:
        """The duty of a worker that was given the folder."""
        return BatchWork(self.database, self.batches, self.office, self.folder)

    def record(self, name: str, seed: int, who: float) -> Path:
        """Write one take of one of two people as a WAV file."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, sung(seed, who).pcm, 8000, subtype="PCM_16")
        return path

    def person(self, account: str, who: float, first: int = 0) -> Wish:
        """Record three takes, enough to enroll, and wish for it."""
        files = [self.record(f"{account}/{n}.wav", first + n, who) for n in range(3)]
        return Wish(AccountId(account), tuple(files), TERMS)

    async def order(
        self, kind: BatchKind, *wishes: Wish, mark: bytes = b"", who: str = "ann"
    ) -> BatchId:
        """Order a batch."""
        batch, _ = await self.batches.order(TENANT, kind, wishes, self.folder, mark, who=who)
        return batch

    async def do(self, batch: BatchId) -> None:
        """Do what is still to be done, one item after another."""
        for line in await self.lines(batch):
            await self.duty.work(Ticket(TENANT, str(line.id)))

    async def lines(self, batch: BatchId) -> list[BatchLine]:
        """Return the report."""
        return [line async for line in self.batches.report(TENANT, batch)]

    async def results(self, batch: BatchId) -> list[str | None]:
        """Return how each item ended."""
        return [line.result for line in await self.lines(batch)]


@asynccontextmanager
async def stage_of(folder: Path, database: Database, keyring: Keyring) -> AsyncIterator[Stage]:
    """Words are not recognised, for what is sung here has none."""
    voice = EngineVoice(ENGINE, Words([]), 2)
    office = Office(
        PostgresStore(database, keyring),
        voice,
        keyring,
        SystemClock(),
        VerifyRules(free=SHORT),
        EnrollRules(free=SHORT),
    )
    yield Stage(folder, database, Batches(database, keyring), office)
    await voice.close()
