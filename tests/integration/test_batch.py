"""A batch whose command and worker are killed halfway: each recording once, none lost."""

from __future__ import annotations

import asyncio
import csv
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
import soundfile

from ivr.domain.call import TenantId
from ivr.storage import AuditEnd, Database, verify_audit
from tests.postgres import execute, write_master
from tests.unit.offline.files import HER, HIM, sung

PEOPLE = 10
TAKES = 3
BROKEN = "person-4"
PATIENCE_S = 120.0
CONSENT = ("--consent", "en-US/1", "--consented-on", "2025-01-31", "--mode", "text_independent")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten people's recordings, one of which is no sound, and a call of each."""
    folder = tmp_path_factory.mktemp("recordings")
    for number in range(PEOPLE):
        who = HIM if number % 2 else HER
        for take in range(TAKES):
            _write(folder / f"people/person-{number}/{take}.wav", 20 * number + take, who)
        _write(folder / f"calls/person-{number}.wav", 20 * number + TAKES, who)
    (folder / "people" / BROKEN / "1.wav").write_text("no sound")
    return folder


def _write(path: Path, seed: int, who: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, sung(seed, who).pcm, 8000, subtype="PCM_16")


@pytest.fixture
def environment(database_dsn: str, recorded: Path, tmp_path: Path) -> dict[str, str]:
    """Settings of every process: the database, short speech, and the folder that they share."""
    settings = {
        "DATABASE_DSN": database_dsn,
        "KEYS_MASTER_FILE": str(write_master(tmp_path / "master-key")),
        "ENROLL_FREE_SPEECH_S": "6",
        "VERIFY_FREE_SPEECH_S": "2",
        "JOBS_BATCH_FOLDER": str(recorded),
    }
    return os.environ | {f"COUNTERSIGN_{name}": value for name, value in settings.items()}


async def started(environment: dict[str, str], *arguments: str) -> Process:
    """Start a command in a process group of its own."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ivr.cli", *arguments),
        env=environment,
        stdout=PIPE,
        stderr=DEVNULL,
        start_new_session=True,
    )


async def killed(process: Process) -> None:
    """Kill it where it stands."""
    if process.returncode is None:
        os.killpg(process.pid, signal.SIGKILL)
    await process.communicate()


@asynccontextmanager
async def watched(dsn: str) -> AsyncIterator[Callable[[int], asyncio.Future[None]]]:
    """Yield what waits until so many items ended; the queue's own notices are the occasion."""
    connection = await asyncpg.connect(dsn)
    changed = asyncio.Event()
    await connection.add_listener("ch_pgqueuer", lambda *_: changed.set())

    async def until(count: int) -> None:
        while True:
            changed.clear()
            if await connection.fetchval("SELECT count(ended_at) FROM batch_items") >= count:
                return
            await changed.wait()

    yield lambda count: asyncio.ensure_future(asyncio.wait_for(until(count), PATIENCE_S))
    await connection.close()


HALT = """
SELECT pg_advisory_lock(1);
CREATE FUNCTION halt() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(ended_at) FROM batch_items) >= {count} THEN
        PERFORM pg_advisory_xact_lock(1);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER halt BEFORE UPDATE OF ended_at ON batch_items
FOR EACH ROW EXECUTE FUNCTION halt();
"""
GO_ON = """
SELECT pg_advisory_unlock(1);
DROP TRIGGER halt ON batch_items;
DROP FUNCTION halt();
"""


@asynccontextmanager
async def halted(dsn: str, count: int) -> AsyncIterator[None]:
    """Let no further item end after so many, however late they are killed."""
    connection = await asyncpg.connect(dsn)
    await connection.execute(HALT.format(count=count))
    yield
    await connection.execute(GO_ON)
    await connection.close()


async def counted(dsn: str, sql: str) -> Counter[object]:
    """Count what the only column of a query holds."""
    connection = await asyncpg.connect(dsn)
    try:
        return Counter(row[0] for row in await connection.fetch(sql))
    finally:
        await connection.close()


async def carried_out(
    environment: dict[str, str], dsn: str, before: int, *arguments: str
) -> tuple[int | None, str]:
    """Run a command with a worker beside it, kill both halfway, and start the command again."""
    order = ("batch", *arguments)
    half = before + PEOPLE // 3
    async with halted(dsn, half), watched(dsn) as ended:
        first, worker = (
            await started(environment, *order),
            await started(environment, "jobs", "work"),
        )
        await ended(half)
        await asyncio.gather(killed(first), killed(worker))
    left = await counted(dsn, "SELECT result FROM batch_items WHERE ended_at IS NULL")
    assert left.total() > 0
    # Their leases run out.
    await execute(dsn, "UPDATE jobs.pgqueuer SET heartbeat = now() - interval '1 hour'")
    again = await started(environment, *order)
    out, _ = await asyncio.wait_for(again.communicate(), PATIENCE_S)
    return again.returncode, out.decode()


async def test_what_is_killed_halfway_is_done_once_when_it_is_started_again(
    database_dsn: str, recorded: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    """People first, then a call of each: every recording in the report, every record single."""
    report = tmp_path / "people.csv"
    enroll = ("enroll", str(recorded / "people"), *CONSENT, "--report", str(report))
    status, told = await carried_out(environment, database_dsn, 0, *enroll)
    assert (status, f"1 CANNOT, {PEOPLE - 1} ENROLLED" in told) == (2, True), told
    rows = list(csv.DictReader(report.read_text(encoding="utf-8").splitlines()))
    assert Counter(row["result"] for row in rows) == {
        "ENROLLED": TAKES * (PEOPLE - 1),
        "CANNOT": TAKES,
    }
    assert Counter(row["recording"] for row in rows) == {"kept": TAKES * (PEOPLE - 1), "": TAKES}
    accounts = await counted(database_dsn, "SELECT account FROM enrollments")
    people = {f"person-{number}": 1 for number in range(PEOPLE)}
    assert accounts == {name: 1 for name in people if name != BROKEN}

    status, told = await carried_out(
        environment, database_dsn, PEOPLE, "verify", str(recorded / "calls")
    )
    assert status in (0, 1, 3), told
    claims = await counted(
        database_dsn, "SELECT claim_account FROM verifications WHERE verdict IS NOT NULL"
    )
    assert claims == people
    assert (
        await counted(database_dsn, "SELECT reason FROM verifications WHERE verdict IS NULL") == {}
    )
    heard_twice = await counted(database_dsn, "SELECT number FROM attempts WHERE replay > 0.5")
    assert heard_twice == {}
    trail = await counted(database_dsn, "SELECT what FROM audit")
    assert trail == {"profile_enrolled": PEOPLE - 1, "verification_closed": PEOPLE}
    done = await started(environment, "batch", "verify", str(recorded / "calls"))
    out, _ = await asyncio.wait_for(done.communicate(), PATIENCE_S)
    assert out.decode() == told, "ordered once more, it was done once more"
    assert await counted(database_dsn, "SELECT what FROM audit") == trail
    async with await Database.connect(database_dsn) as database:
        assert isinstance(await verify_audit(database, TenantId("default")), AuditEnd)
