"""PostgreSQL stops before, during and after a call: the verdict is kept until it is back."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from ivr.storage import EmbeddedPostgres
from tests.integration.faults.people import ACCOUNT
from tests.integration.faults.stage import (
    HUNG_UP,
    MATCH,
    UNAVAILABLE,
    UNHURRIED,
    Ground,
    Stage,
    hung_up_while,
    open_stage,
)
from tests.integration.faults.waiting import patiently

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

IMPATIENT = {"COUNTERSIGN_DATABASE_PATIENCE_S": "2"}
"""A PostgreSQL that is stopped is waited for in vain."""
PATIENT = {"COUNTERSIGN_DATABASE_PATIENCE_S": "30"}
"""Longer than PostgreSQL takes to come back."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(ground: Ground) -> AsyncIterator[Stage]:
    """A system with a PostgreSQL of its own: it is stopped."""
    folder = Path(tempfile.mkdtemp(prefix="countersign-test-"))
    try:
        async with open_stage(ground, folder, settings=UNHURRIED | IMPATIENT) as stage:
            yield stage
            await stage.check_end()
    finally:
        shutil.rmtree(folder)


@pytest_asyncio.fixture(loop_scope="module", autouse=True)
async def mended(stage: Stage) -> AsyncIterator[None]:
    """After each test PostgreSQL runs again, and nothing waits in the outbox."""
    yield
    await postgres(stage).start()
    assert letters(stage) == []


def postgres(stage: Stage) -> EmbeddedPostgres:
    """Return the stage's server."""
    assert stage.system.postgres is not None
    return stage.system.postgres


def letters(stage: Stage) -> list[Path]:
    """Return what waits in the outbox, and what was set aside there."""
    return [path for path in (stage.system.folder / "outbox").rglob("*") if path.is_file()]


async def test_away_before_the_call(stage: Stage) -> None:
    """Nobody can be verified; what the dialplan was told is in the records afterwards."""
    await postgres(stage).stop()
    call = await stage.dial()
    assert await stage.route(call) == "pin-only"
    assert len(letters(stage)) == 1
    await postgres(stage).start()
    row = await stage.records.verdict()
    assert (row.ending, row.attempts) == (UNAVAILABLE, 0)
    await stage.logged("verdict_delivered", verification=row.id)


async def test_away_while_the_caller_speaks(stage: Stage) -> None:
    """A match that cannot be written is not told; the attempt is kept."""
    call = await stage.asked()
    speaking = asyncio.create_task(call.speak(stage.people.phrase))
    # However long it takes to stop, nothing is written before.
    async with stage.records.held():
        await postgres(stage).stop()
        await speaking
    assert await stage.route(call) == "pin-only"
    await postgres(stage).start()
    row = await stage.records.verdict()
    assert (row.ending, row.attempts) == (UNAVAILABLE, 1)
    await stage.logged("verdict_delivered", verification=row.id)


async def test_crash_while_the_verdict_is_written(stage: Stage) -> None:
    """The statement is cut in the middle: it counts as not written, and is written once."""
    call = await stage.asked()
    async with stage.records.held():
        await call.speak(stage.people.phrase)
        await stage.records.someone_waits()
        await postgres(stage).stop("immediate")
    assert await stage.route(call) == "pin-only"
    await postgres(stage).start()
    row = await stage.records.verdict()
    assert (row.ending, row.attempts) == (UNAVAILABLE, 1)
    await stage.logged("verdict_delivered", verification=row.id)


async def test_hang_up_while_away(stage: Stage) -> None:
    """The caller does not wait for the end: the verdict does."""
    call = await stage.asked()
    seen = stage.log_length
    await postgres(stage).stop()
    await hung_up_while(stage, call)
    await stage.logged("verdict_not_stored", since=seen)
    await postgres(stage).start()
    row = await stage.records.verdict()
    assert row.reason in (HUNG_UP[1], UNAVAILABLE[1])
    await stage.logged("verdict_delivered", verification=row.id)


async def test_away_while_a_person_enrolls(stage: Stage) -> None:
    """Nothing is kept of it, and the dialplan is told so."""
    call = await stage.dial("enroll-3001")
    await stage.prompted(call)
    await postgres(stage).stop()
    await call.press("2")
    assert await stage.route(call, enrolling=True) == "enroll-later"
    await postgres(stage).start()
    assert await stage.records.enrollments() == []


async def test_outbox_outlives_the_application(stage: Stage) -> None:
    """A verdict that waits when Countersign is killed is stored by the next one."""
    call = await stage.asked()
    await postgres(stage).stop()
    await call.speak(stage.people.phrase)
    assert await stage.route(call) == "pin-only"
    await stage.system.application.kill()
    assert len(letters(stage)) == 1
    await postgres(stage).start()
    await stage.system.application.start()
    row = await stage.records.verdict()
    assert (row.ending, row.attempts) == (UNAVAILABLE, 1)
    await stage.logged("verdict_delivered", verification=row.id)


async def test_back_within_the_patience(stage: Stage) -> None:
    """A restart of PostgreSQL between end of speech and verdict delays it, and that is all."""
    stage.system.application.settings |= PATIENT
    assert await stage.system.application.stop() == 0
    await stage.system.application.start()
    call = await stage.asked(f"verify-{ACCOUNT}")
    async with stage.records.held():
        await call.speak(stage.people.phrase)
        await stage.records.someone_waits()
        await postgres(stage).stop("immediate")
    await postgres(stage).start()
    assert await patiently(stage.route(call)) == "agent-confirmed"
    row = await stage.records.verdict()
    assert (row.ending, row.attempts) == (MATCH, 1)
