"""A process dies, is stopped or is replaced in the middle of a call: nobody is left in limbo."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from ivr.cli.main import STATUS_REPLACED
from ivr.lab.application import Application
from tests.integration.faults.people import ACCOUNT
from tests.integration.faults.stage import (
    EVENTS,
    HUNG_UP,
    MATCH,
    UNAVAILABLE,
    UNHURRIED,
    Ground,
    Stage,
    open_stage,
)
from tests.integration.faults.waiting import patiently, until

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

LOST = (UNAVAILABLE, HUNG_UP)
"""When Asterisk dies, what is noticed first decides: the audio that ends, or the channel's."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(
    ground: Ground, module_dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    """A system whose parts die."""
    folder = tmp_path_factory.mktemp("crashes")
    async with open_stage(ground, folder, module_dsn, settings=UNHURRIED, relayed=True) as stage:
        yield stage
        await stage.check_end()


async def test_killed_and_started_again(stage: Stage) -> None:
    """Who is still there is told that it could not be decided; who is gone has a verdict too."""
    patient, enrolling = await stage.asked(), await stage.dial("enroll-4001")
    await enrolling.heard_sound()
    await enrolling.press("1")
    await patiently(enrolling.heard_tone())
    impatient = await stage.asked()
    begun = await stage.records.verifications()
    await stage.system.application.kill()
    await patiently(impatient.hang_up())
    await stage.system.application.start()
    assert await stage.route(patient) == "pin-only"
    assert await stage.route(enrolling, enrolling=True) == "enroll-later"
    rows = await stage.records.verdicts(2)
    assert [row.id for row in rows] == [row.id for row in begun]
    assert [row.ending for row in rows] == [UNAVAILABLE, UNAVAILABLE]
    row = await stage.records.enrollment()
    assert (row.verdict, row.reason, row.attempts) == ("FAILED", "UNAVAILABLE", 0)


async def test_killed_after_the_verdict_was_written(stage: Stage) -> None:
    """The next process tells the dialplan what was written, not something else."""
    call = await stage.asked()
    stage.relay.hold("/ari")
    await call.speak(stage.people.phrase)
    written = await stage.records.verdict()
    await stage.system.application.kill()
    # What it had begun to tell is lost with it.
    stage.relay.cut()
    stage.relay.resume()
    await stage.system.application.start()
    assert await stage.route(call) == "agent-confirmed"
    assert await stage.records.verdicts(1) == [written]
    assert written.ending == MATCH


async def test_killed_after_the_enrollment_was_written(stage: Stage) -> None:
    """Whoever is enrolled is told so by the next process: there is no second record."""
    call = await stage.dial("enroll-4003")
    await call.heard_sound()
    await call.press("1")
    for recording in stage.people.enrolling[:2]:
        await patiently(call.heard_tone())
        await call.speak(recording)
    await patiently(call.heard_tone())
    stage.relay.hold("/ari")
    await call.speak(stage.people.enrolling[2])
    written = await stage.records.enrollment()
    await stage.system.application.kill()
    # What it had begun to tell is lost with it.
    stage.relay.cut()
    stage.relay.resume()
    await stage.system.application.start()
    assert await stage.route(call, enrolling=True) == "enrolled"
    assert await stage.records.enrollments() == [written]
    assert (written.verdict, written.reason, written.attempts) == ("ENROLLED", "COMPLETE", 3)


async def test_not_there(stage: Stage) -> None:
    """The dialplan's fallback, at once and without a record."""
    assert await stage.system.application.stop() == 0
    await stage.unheard()
    call = await stage.dial()
    assert await stage.route(call) == "pin-only"
    enrolling = await stage.dial("enroll-4002")
    assert await stage.route(enrolling, enrolling=True) == "enroll-later"
    await stage.system.application.start()
    assert await stage.records.verifications() == await stage.records.enrollments() == []


async def test_asked_to_stop_in_a_call(stage: Stage) -> None:
    """The call is finished first; who calls meanwhile goes to the fallback."""
    call = await stage.asked()
    stopping = asyncio.create_task(stage.system.application.stop())
    await stage.logged("service_stopping", calls=1)
    late = await stage.dial()
    assert await stage.route(late) == "pin-only"
    await call.speak(stage.people.phrase)
    assert await stage.route(call) == "agent-confirmed"
    assert await stopping == 0
    assert (await stage.records.verdict()).ending == MATCH
    await stage.system.application.start()


async def test_replaced_by_another_of_the_same_name(stage: Stage) -> None:
    """The first one stops, and says so by its status; its call ends undecided, once."""
    call = await stage.dial(f"slow-verify-{ACCOUNT}")
    await stage.prompted(call)
    first = stage.system.application
    second = Application(first.settings, first.log_path)
    await second.start()
    assert await patiently(first.ended()) == STATUS_REPLACED
    assert await stage.route(call) == "pin-only"
    assert (await stage.records.verdict()).ending == UNAVAILABLE
    assert any("took over" in str(line["event"]) for line in first.lines)
    # What it said last is no event, and no fault.
    del first.lines[:]
    await stage.still_serves()
    assert await second.stop() == 0
    await first.start()


async def test_asterisk_dies_and_comes_back(stage: Stage) -> None:
    """The caller is gone with it; the record has its verdict, and the next call is taken."""
    call = await stage.asked()
    seen = stage.log_length
    await stage.system.asterisk.kill()
    assert (await stage.records.verdict()).ending in LOST
    call.drop()
    await stage.system.asterisk.start()
    await stage.logged("asterisk_connected", since=seen)
    await until(stage.eyes_open)


async def test_asterisk_restarts_while_the_events_are_away(stage: Stage) -> None:
    """Neither knows of the other's fate: the record is closed all the same."""
    call = await stage.dial(f"slow-verify-{ACCOUNT}")
    await stage.prompted(call)
    seen = stage.log_length
    stage.relay.bar(EVENTS)
    stage.relay.cut(EVENTS)
    await stage.logged("asterisk_lost", since=seen)
    await stage.system.asterisk.kill()
    call.drop()
    await stage.system.asterisk.start()
    stage.relay.admit()
    await stage.logged("asterisk_connected", since=seen)
    assert (await stage.records.verdict()).ending in LOST
    await until(stage.eyes_open)
