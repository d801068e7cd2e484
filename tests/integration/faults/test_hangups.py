"""The caller hangs up: in each state one verdict, and nothing left over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from ivr.lab.softphone import PhoneCall
from tests.integration.faults.people import ACCOUNT, silence
from tests.integration.faults.records import Row
from tests.integration.faults.stage import (
    HUNG_UP,
    MATCH,
    UNHURRIED,
    Ground,
    Stage,
    cancelled,
    hung_up_while,
    open_stage,
)
from tests.integration.faults.waiting import patiently

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

END_SILENCE_S = 1.5
"""The silence that ends an utterance: long, so that who hangs up in it is not too late."""
END_PAUSE_S = END_SILENCE_S / 3
AROUND_THE_VERDICT_S = tuple(END_SILENCE_S + each for each in (-0.1, -0.02, 0.02, 0.06, 0.1, 0.2))
"""After the last of the speech."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(
    ground: Ground, module_dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    """A system that gives its callers time to hang up."""
    folder = tmp_path_factory.mktemp("hangups")
    settings = UNHURRIED | {"COUNTERSIGN_LISTENING_END_SILENCE_S": str(END_SILENCE_S)}
    async with open_stage(ground, folder, module_dsn, settings=settings) as stage:
        yield stage
        await stage.check_end()


async def hung_up_row(stage: Stage, call: PhoneCall) -> Row:
    """Hang up, and return the record once it has its verdict."""
    await hung_up_while(stage, call)
    return await stage.records.verdict()


async def test_before_the_answer(stage: Stage) -> None:
    """The record is opened before the call is answered: it is closed as well."""
    async with stage.records.held():
        dialling = asyncio.create_task(stage.dial())
        await stage.records.someone_waits()
        await cancelled(dialling)
        await stage.no_caller()
    row = await stage.records.verdict()
    assert (row.ending, row.attempts) == (HUNG_UP, 0)


async def test_during_the_prompt(stage: Stage) -> None:
    """The prompt has seconds to go."""
    call = await stage.dial(f"slow-verify-{ACCOUNT}")
    await stage.prompted(call)
    row = await hung_up_row(stage, call)
    assert (row.ending, row.account, row.attempts) == (HUNG_UP, ACCOUNT, 0)


async def test_while_keys_are_awaited(stage: Stage) -> None:
    """A caller who was asked for the account and keyed half of it has made no claim."""
    call = await stage.dial("verify-keyed")
    await stage.prompted(call)
    await call.press("10")
    row = await hung_up_row(stage, call)
    assert (row.ending, row.account) == (HUNG_UP, None)


async def test_while_speech_is_awaited(stage: Stage) -> None:
    """After the tone, without a word."""
    row = await hung_up_row(stage, await stage.asked())
    assert (row.ending, row.attempts) == (HUNG_UP, 0)


async def test_while_speaking(stage: Stage) -> None:
    """In the middle of the sentence: what was said is not judged."""
    call = await stage.asked()
    await call.speak(stage.people.phrase[:8000])
    row = await hung_up_row(stage, call)
    assert (row.ending, row.attempts) == (HUNG_UP, 0)


async def test_in_the_pause_that_ends_the_speech(stage: Stage) -> None:
    """All is said and the voice perhaps embedded, but the end of speech is not certain yet."""
    call = await stage.asked()
    await call.speak(stage.people.phrase)
    await call.speak(silence(END_PAUSE_S))
    row = await hung_up_row(stage, call)
    assert (row.ending, row.attempts) == (HUNG_UP, 0)


async def test_while_the_verdict_is_written(stage: Stage) -> None:
    """It stands, though nobody is there to be told."""
    call = await stage.asked()
    async with stage.records.held():
        await call.speak(stage.people.phrase)
        await stage.records.someone_waits()
        await hung_up_while(stage, call)
    row = await stage.records.verdict()
    assert (row.ending, row.attempts) == (MATCH, 1)
    line = await stage.logged("verification_ended", verification=row.id)
    assert line["continued_at_s"] is None


async def test_around_the_verdict(stage: Stage) -> None:
    """Several at once, a few frames before or after: each has one verdict, of one kind or other."""

    async def hung_up_after(seconds: float) -> None:
        call = await stage.asked()
        await call.speak(stage.people.phrase)
        await call.speak(silence(seconds))
        await patiently(call.hang_up())

    await asyncio.gather(*(hung_up_after(seconds) for seconds in AROUND_THE_VERDICT_S))
    rows = await stage.records.verdicts(len(AROUND_THE_VERDICT_S))
    assert {row.ending for row in rows} <= {MATCH, HUNG_UP}


async def test_before_consent(stage: Stage) -> None:
    """An enrollment that nobody agreed to is noted as given up, and makes no profile."""
    call = await stage.dial("slow-enroll-2001")
    await stage.prompted(call)
    await hung_up_while(stage, call)
    row = await stage.records.enrollment()
    assert (row.verdict, row.reason, row.attempts) == ("FAILED", "CALLER_HUNG_UP", 0)


async def test_between_repetitions(stage: Stage) -> None:
    """One good recording is no enrollment: it is forgotten."""
    call = await stage.dial("enroll-2002")
    await call.heard_sound()
    await call.press("1")
    await patiently(call.heard_tone())
    await call.speak(stage.people.phrase)
    await patiently(call.heard_tone())
    await hung_up_while(stage, call)
    row = await stage.records.enrollment()
    assert (row.verdict, row.reason, row.attempts) == ("FAILED", "CALLER_HUNG_UP", 0)


async def test_while_the_enrollment_is_written(stage: Stage) -> None:
    """Consent was given and three recordings agree: the person is enrolled."""
    call = await stage.dial("enroll-2003")
    await call.heard_sound()
    await call.press("1")
    for recording in stage.people.enrolling[:2]:
        await patiently(call.heard_tone())
        await call.speak(recording)
    await patiently(call.heard_tone())
    async with stage.records.held("enrollments"):
        await call.speak(stage.people.enrolling[2])
        await stage.records.someone_waits()
        await hung_up_while(stage, call)
    row = await stage.records.enrollment()
    assert (row.verdict, row.reason, row.attempts) == ("ENROLLED", "COMPLETE", 3)
