"""The caller's audio fails: the call ends undecided, and goes on in the dialplan."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.integration.faults.stage import (
    HUNG_UP,
    MEDIA,
    NOTHING_SAID,
    UNAVAILABLE,
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
    """A system with a network between Countersign and Asterisk that can fail."""
    folder = tmp_path_factory.mktemp("media")
    async with open_stage(ground, folder, module_dsn, relayed=True) as stage:
        yield stage
        await stage.check_end()


@pytest_asyncio.fixture(loop_scope="module", autouse=True)
async def mended(stage: Stage) -> AsyncIterator[None]:
    """After each test audio can come again, before anything else is looked at."""
    yield
    stage.relay.admit()
    stage.relay.resume()


async def test_media_never_connects(stage: Stage) -> None:
    """Asterisk refuses the socket."""
    stage.relay.bar(MEDIA)
    call = await stage.dial()
    assert await stage.route(call) == "pin-only"
    row = await stage.records.verdict()
    assert (row.ending, row.attempts) == (UNAVAILABLE, 0)


async def test_media_never_answers(stage: Stage) -> None:
    """Asterisk accepts the socket and says nothing: it is not waited for."""
    stage.relay.hold(MEDIA)
    call = await stage.dial()
    assert await stage.route(call) == "pin-only"
    assert (await stage.records.verdict()).ending == UNAVAILABLE


async def test_hang_up_while_media_connects(stage: Stage) -> None:
    """The caller does not wait for it."""
    stage.relay.hold(MEDIA)
    call = await stage.dial()
    await hung_up_while(stage, call)
    assert (await stage.records.verdict()).ending == HUNG_UP


async def test_media_cut_while_the_caller_speaks(stage: Stage) -> None:
    """Half a sentence is not judged."""
    call = await stage.asked()
    await call.speak(stage.people.phrase[:8000])
    stage.relay.cut(MEDIA)
    assert await stage.route(call) == "pin-only"
    row = await stage.records.verdict()
    assert (row.ending, row.attempts) == (UNAVAILABLE, 0)


async def test_media_cut_in_the_second_attempt(stage: Stage) -> None:
    """What the call had come to is kept, and decides nothing."""
    call = await stage.asked()
    await patiently(call.heard_tone())
    stage.relay.cut(MEDIA)
    assert await stage.route(call) == "pin-only"
    row = await stage.records.verdict()
    assert (row.ending, row.attempts) == (UNAVAILABLE, 1)


async def test_media_that_falls_silent(stage: Stage) -> None:
    """No frame comes, and none is missed: that is a caller who says nothing."""
    call = await stage.asked()
    stage.relay.hold(MEDIA)
    await call.speak(stage.people.phrase)
    assert await stage.route(call) in ("pin", "pin-only")
    assert (await stage.records.verdict()).ending in (NOTHING_SAID, UNAVAILABLE)
