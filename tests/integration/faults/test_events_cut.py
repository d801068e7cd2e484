"""The events websocket is cut in the middle of a call: the call goes on, and nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.integration.faults.people import ACCOUNT
from tests.integration.faults.stage import (
    EVENTS,
    HUNG_UP,
    MATCH,
    NOTHING_SAID,
    Ground,
    Stage,
    hung_up_while,
    open_stage,
)
from tests.integration.faults.waiting import patiently

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]


TIME_TO_KEY = {"COUNTERSIGN_VERIFY_KEY_WAIT_S": "30"}
"""Longer than the events are away."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(
    ground: Ground, module_dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    """A system with a network between Countersign and Asterisk that can fail."""
    folder = tmp_path_factory.mktemp("events")
    async with open_stage(ground, folder, module_dsn, settings=TIME_TO_KEY, relayed=True) as stage:
        yield stage
        await stage.check_end()


@pytest_asyncio.fixture(loop_scope="module", autouse=True)
async def mended(stage: Stage) -> AsyncIterator[None]:
    """After each test the events come again, before anything else is looked at."""
    seen = stage.log_length
    yield
    stage.relay.admit()
    stage.relay.resume()
    await stage.logged("asterisk_connected", since=seen)


async def cut(stage: Stage) -> int:
    """Cut the events off and keep them away; return the place in the log."""
    seen = stage.log_length
    stage.relay.bar(EVENTS)
    stage.relay.cut(EVENTS)
    await stage.logged("asterisk_lost", since=seen)
    return seen


async def test_cut_and_restored_while_the_caller_speaks(stage: Stage) -> None:
    """The call is judged as if nothing had been."""
    call = await stage.asked()
    speaking = asyncio.create_task(call.speak(stage.people.phrase))
    seen = stage.log_length
    stage.relay.cut(EVENTS)
    await stage.logged("asterisk_connected", since=seen)
    await speaking
    assert await stage.route(call) == "agent-confirmed"
    assert (await stage.records.verdict()).ending == MATCH


async def test_away_until_the_call_is_over(stage: Stage) -> None:
    """Requests go over HTTP meanwhile, so that the caller goes on in time."""
    call = await stage.asked()
    await cut(stage)
    await call.speak(stage.people.phrase)
    assert await stage.route(call) == "agent-confirmed"
    assert (await stage.records.verdict()).ending == MATCH


async def test_network_that_swallows_everything(stage: Stage) -> None:
    """No reset tells of it: the heartbeat does, and the verdict goes another way."""
    call = await stage.asked()
    stage.relay.hold(EVENTS)
    seen = stage.log_length
    await call.speak(stage.people.phrase)
    await stage.logged("asterisk_lost", since=seen)
    assert await stage.route(call) == "agent-confirmed"
    assert (await stage.records.verdict()).ending == MATCH


async def test_hang_up_while_away_is_learnt_afterwards(stage: Stage) -> None:
    """Nobody said so: what is left in Asterisk is compared when the events are back."""
    call = await stage.dial(f"slow-verify-{ACCOUNT}")
    await stage.prompted(call)
    await cut(stage)
    await hung_up_while(stage, call)
    stage.relay.admit()
    assert (await stage.records.verdict()).ending == HUNG_UP


async def test_hang_up_while_away_for_good(stage: Stage) -> None:
    """The conversation ends by itself, on silence, and its verdict is written all the same."""
    call = await stage.asked()
    await cut(stage)
    await hung_up_while(stage, call)
    assert (await stage.records.verdict()).ending == NOTHING_SAID


async def test_call_that_comes_while_away(stage: Stage) -> None:
    """Asterisk itself sends it to the dialplan's fallback; there is no record of it."""
    await cut(stage)
    await stage.unheard()
    call = await stage.dial()
    assert await stage.route(call) == "pin-only"
    assert await stage.records.verifications() == []


async def test_number_of_which_a_key_was_lost_is_keyed_again(stage: Stage) -> None:
    """What was heard of it is another number: the account is asked for anew, and the call goes on.

    One key, since the longer the events are away, the longer the next try may wait.
    """
    call = await stage.dial("verify-keyed")
    await stage.prompted(call)
    (row,) = await stage.records.verifications()
    await stage.watch(row.call)
    await call.press(ACCOUNT[:2])
    await stage.saw(ACCOUNT[1])
    seen = await cut(stage)
    await call.press("7")
    await stage.saw("7")
    stage.relay.admit()
    await stage.logged("asterisk_connected", since=seen)
    await call.press(f"{ACCOUNT[3:]}#")
    await call.press(f"{ACCOUNT}#")
    await patiently(call.heard_tone())
    await call.speak(stage.people.phrase)
    assert await stage.route(call) == "agent-confirmed"
    row = await stage.records.verdict()
    assert (row.ending, row.account) == (MATCH, ACCOUNT)
