"""An Asterisk without chan_websocket: calls are recorded instead, and no file is left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest
import pytest_asyncio

from engine.types import Pcm
from ivr.lab.softphone import PhoneCall
from tests.integration.faults.people import ACCOUNT, silence
from tests.integration.faults.stage import (
    HUNG_UP,
    MATCH,
    UNHURRIED,
    Ground,
    Stage,
    hung_up_while,
    open_stage,
)
from tests.integration.faults.waiting import patiently

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(
    ground: Ground, module_dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    """A system whose Asterisk lacks the module."""
    folder = tmp_path_factory.mktemp("recording")
    without = ("chan_websocket",)
    async with open_stage(
        ground, folder, module_dsn, settings=UNHURRIED, without_modules=without
    ) as stage:
        await stage.logged("media_by_recording")
        yield stage
        await stage.check_end()


async def say(stage: Stage, call: PhoneCall, *recordings: Pcm) -> None:
    """Say one thing each time that speech is asked for."""
    for pcm in recordings:
        await patiently(call.heard_tone())
        await stage.recorded(call)
        await call.speak(np.concatenate([silence(0.2), pcm]))


async def test_person_enrolls_and_another_is_verified(stage: Stage) -> None:
    """Both at once: from consent to the voiceprints, and from the prompt to ACCEPT."""
    enrolling = await stage.dial("enroll-5001")
    await enrolling.heard_sound()
    await enrolling.press("1")
    call = await stage.dial()
    await asyncio.gather(
        say(stage, call, stage.people.phrase), say(stage, enrolling, *stage.people.enrolling)
    )
    assert await stage.route(call) == "agent-confirmed"
    assert await stage.route(enrolling, enrolling=True) == "enrolled"
    assert (await stage.records.verdict()).ending == MATCH
    row = await stage.records.enrollment()
    assert (row.verdict, row.reason, row.attempts) == ("ENROLLED", "COMPLETE", 3)


async def test_hang_up_while_recorded(stage: Stage) -> None:
    """Asterisk keeps the file of a caller who hangs up: it is deleted."""
    call = await stage.asked()
    await call.speak(stage.people.phrase[:4000])
    await stage.recorded(call)
    await hung_up_while(stage, call)
    assert (await stage.records.verdict()).ending == HUNG_UP


async def test_key_in_a_long_prompt(stage: Stage) -> None:
    """A prompt that Asterisk plays itself is stopped by a key as well."""
    call = await stage.dial(f"slow-verify-{ACCOUNT}")
    await stage.prompted(call)
    await call.press("5")
    await stage.recorded(call)
    await call.speak(np.concatenate([silence(0.3), stage.people.phrase]))
    assert await stage.route(call) == "agent-confirmed"
    assert (await stage.records.verdict()).ending == MATCH


async def test_killed_while_recorded(stage: Stage) -> None:
    """The file that a killed process left is deleted by the next one."""
    call = await stage.asked()
    await call.speak(stage.people.phrase[:4000])
    await stage.recorded(call)
    await stage.system.application.kill()
    await hung_up_while(stage, call)
    await stage.system.application.start()
    assert (await stage.records.verdict()).ending == ("INCONCLUSIVE", "UNAVAILABLE")
