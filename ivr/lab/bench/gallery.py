"""The database's part of a verification, among many profiles and among none, in turns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import cycle
from pathlib import Path
from statistics import median
from uuid import uuid4

from engine import SpeakerEngine
from engine.types import ModelId
from ivr.domain.call import AccountId
from ivr.domain.enrollment import EnrollmentId, Recording
from ivr.lab.bench.asking import APP, accepted, begun
from ivr.lab.bench.cores import only
from ivr.lab.bench.person import TENANT, enrolled, enrollment
from ivr.lab.bench.stopwatch import Stage, time_all
from ivr.storage import (
    Database,
    EmbeddedPostgres,
    Keyring,
    PostgresStore,
    make_master_file,
    migrate,
)

CORES = 2
CALLERS = 100
"""So many people call in turns, in both databases: no row is the one that was read just now."""
TARGET_RATIO = 1.5
AT_A_TIME = 10_000
"""Profiles made by one run of psql, which is given a minute."""


@dataclass(frozen=True, slots=True)
class GalleryFigures:
    """What PostgreSQL takes for one verification, round by round."""

    profiles: int
    """In the full database, besides the callers'."""
    empty: Stage
    full: Stage

    @property
    def ratio(self) -> float:
        """How many times as long it takes in the full one: the median of the rounds."""
        pairs = zip(self.full.micros, self.empty.micros, strict=True)
        return median(full / empty for full, empty in pairs)


class Filing:
    """What a verification asks of PostgreSQL, for one caller after another."""

    def __init__(self, store: PostgresStore, callers: Sequence[AccountId], model: ModelId) -> None:
        self._store = store
        self._callers: Iterator[AccountId] = cycle(callers)
        self._model = model

    async def once(self) -> None:
        """Note that it began, find profile and watchlist, write verdict, counters and trail."""
        opening, account = begun(), next(self._callers)
        await self._store.open(opening)
        profile = await self._store.find(TENANT, account)
        if profile is None:
            raise RuntimeError("a profile of the benchmark is gone")
        await self._store.watchlist(TENANT)
        ended = accepted(opening, self._model)
        await self._store.close(
            replace(ended, profile=profile.id, fingerprints=profile.fingerprints[:1])
        )


def measure_gallery(folder: Path, profiles: int, rounds: int) -> GalleryFigures:
    """Measure with two PostgreSQL of their own, one of them with so many profiles.

    100,000 take some minutes to make, and 5 GB below `folder`.
    """
    with only(CORES):
        return asyncio.run(_measure(folder, profiles, rounds))


async def _measure(folder: Path, profiles: int, rounds: int) -> GalleryFigures:
    engine = await asyncio.to_thread(SpeakerEngine.load)
    made = await asyncio.to_thread(enrolled, engine)
    async with (
        _filing(folder / "empty", 0, made, engine.model) as empty,
        _filing(folder / "full", profiles, made, engine.model) as full,
    ):
        stages = [Stage("empty", empty.once), Stage(f"{profiles}", full.once)]
        await time_all(stages, rounds, unmeasured=CALLERS)
    return GalleryFigures(profiles, *stages)


@asynccontextmanager
async def _filing(
    folder: Path, profiles: int, made: tuple[Recording, ...], model: ModelId
) -> AsyncIterator[Filing]:
    """Enroll the callers, and so many others after the first of them."""
    async with EmbeddedPostgres(folder) as postgres:
        await migrate(postgres.dsn)
        async with await Database.connect(postgres.dsn) as database:
            keyring = await Keyring.open(database, make_master_file(folder / "master-key"))
            store = PostgresStore(database, keyring)
            callers = [AccountId(f"caller {number}") for number in range(CALLERS)]
            await _enroll(store, callers[:1], made)
            await _multiply(postgres, callers[0], profiles)
            await _enroll(store, callers[1:], made)
            # As autovacuum does, sooner or later; here none of it may fall into the measurement.
            await postgres.sql("\\connect countersign\nVACUUM ANALYZE;\nCHECKPOINT;\n")
            yield Filing(store, callers, model)


async def _enroll(
    store: PostgresStore, accounts: Sequence[AccountId], made: tuple[Recording, ...]
) -> None:
    for account in accounts:
        number = EnrollmentId(uuid4())
        await store.enroll(replace(enrollment(made, APP), id=number, account=account))


async def _multiply(postgres: EmbeddedPostgres, person: AccountId, profiles: int) -> None:
    script = Path(__file__).with_name("gallery.sql").read_text(encoding="utf-8")
    for made in range(0, profiles, AT_A_TIME):
        count = min(AT_A_TIME, profiles - made)
        await postgres.sql(f"\\set profiles {count}\n\\set person '{person}'\n{script}")
