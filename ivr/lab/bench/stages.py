"""The first measurement: what one call costs, stage by stage, with everything on one core."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from engine import SpeakerEngine
from ivr.lab.asterisk import PrivateAsterisk
from ivr.lab.bench.asking import APP, DIALPLAN, Filing, caller
from ivr.lab.bench.computing import REFERENCE, UTTERANCE_S, Computing
from ivr.lab.bench.cores import only
from ivr.lab.bench.person import enroll
from ivr.lab.bench.stopwatch import Stage, time_all
from ivr.storage import (
    Database,
    EmbeddedPostgres,
    Keyring,
    PostgresStore,
    make_master_file,
    migrate,
)

ASKED = ("database", "ARI")
"""Where we wait for another process; everything else is our own computing."""


@dataclass(frozen=True, slots=True)
class StageFigures:
    """The stages of one call in order, and the time of a fixed piece of work to compare with."""

    stages: tuple[Stage, ...]
    reference: Stage
    utterance_s: float

    @property
    def whole_us(self) -> float:
        """The whole work of a call, in microseconds."""
        return sum(stage.median_us for stage in self.stages)

    @property
    def realtime_factor(self) -> float:
        """Our own computing over the length of the utterance."""
        computed_us = sum(each.median_us for each in self.stages if each.name not in ASKED)
        return computed_us / (self.utterance_s * 1_000_000)


def measure_stages(folder: Path, rounds: int) -> StageFigures:
    """Measure with a PostgreSQL and an Asterisk of their own, started on the same core."""
    with only(1):
        return asyncio.run(_measure(folder, rounds))


async def _measure(folder: Path, rounds: int) -> StageFigures:
    engine = await asyncio.to_thread(SpeakerEngine.load)
    stages = (await asyncio.to_thread(Computing, engine)).stages()
    asterisk = PrivateAsterisk(folder / "asterisk", extra_dialplan=DIALPLAN)
    async with EmbeddedPostgres(folder / "postgres") as postgres, asterisk:
        await migrate(postgres.dsn)
        master_file = folder / "master-key"
        await enroll(postgres.dsn, master_file, engine, APP)
        async with (
            await Database.connect(postgres.dsn) as database,
            caller(asterisk, engine.model) as handing,
        ):
            keyring = await Keyring.open(database, make_master_file(master_file))
            filing = Filing(PostgresStore(database, keyring), engine.model)
            stages["database"] = Stage("database", filing.once)
            stages["ARI"] = Stage("ARI", handing.send_on, before=handing.welcome)
            await time_all(list(stages.values()), rounds)
    reference = stages.pop(REFERENCE)
    return StageFigures(tuple(stages.values()), reference, UTTERANCE_S)
