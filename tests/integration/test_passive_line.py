"""Calls that are overheard on a real Asterisk: they go on at once, and are heard on one side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest
import pytest_asyncio

from ivr.ari.requests import Method, Request
from ivr.domain.call import Purpose
from ivr.lab.asterisk import AsteriskProgram, PrivateAsterisk
from ivr.line.capability import MediaWay
from ivr.line.passive_call import STOP, STOP_EVENT, STOP_VARIABLE
from ivr.ports import Call, CallerHungUpError, CallLostError, ToldToStopError
from tests.integration.line_caller import Caller, eventually
from tests.integration.line_stage import Stage, listened, ramp
from tests.patience import PATIENCE_S
from tests.relay import Relay

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]

EVENTS = "/ari/events"
DIALPLAN = """
[line]
exten => _passive-.,1,Stasis(${EXTEN:8},passive,account=1)
 same => n,Set(LEFT=gone on)
 same => n,Wait(60)
exten => _back-.,1,Stasis(${EXTEN:5},passive,account=1)
 same => n,Stasis(${EXTEN:5},verify,account=1)
 same => n,Wait(60)
exten => _late-.,1,Stasis(${EXTEN:5},passive,account=1)
 same => n,Set(SHARED(COUNTERSIGN_VERDICT)=)
 same => n,Stasis(${EXTEN:5},passive,account=2)
 same => n,Set(LEFT=gone on, verdict ${SHARED(COUNTERSIGN_VERDICT)}.)
 same => n,Wait(60)
exten => _stop-.,1,Stasis(${EXTEN:5},passive,account=1)
 same => n(listening),Wait(0.02)
 same => n,GotoIf($["${GLOBAL(ENOUGH)}" != "${EXTEN:5}"]?listening)
 same => n,Set(COUNTERSIGN_PASSIVE=stop)
 same => n,Wait(60)
exten => _talk-.,1,Stasis(${EXTEN:5},passive,account=1)
 same => n,Dial(Local/agent@line/n)
exten => agent,1,Answer()
 same => n,Playtones(440)
 same => n,Wait(60)
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line_asterisk(
    asterisk_program: AsteriskProgram, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[PrivateAsterisk]:
    """An Asterisk with callers that need no telephone."""
    async with PrivateAsterisk(
        tmp_path_factory.mktemp("line"),
        program=asterisk_program,
        extra_modules=("app_dial",),
        extra_dialplan=DIALPLAN,
    ) as running:
        yield running


async def shared(caller: Caller, name: str) -> str | None:
    """Return a shared variable of the caller's channel."""
    return await caller.ari.channels.get_variable(caller.channel, f"SHARED({name})")


async def ended(call: Call) -> None:
    """Hear on until there is nothing more to hear."""
    while True:
        await call.heard()


async def enough(stage: Stage) -> None:
    """Let the dialplan end the listening."""
    set_to = {"variable": "ENOUGH", "value": stage.app}
    await stage.phone.request(Request(Method.POST, "asterisk/variable", set_to))


async def test_the_caller_goes_on_before_anything_is_asked(stage: Stage) -> None:
    """The conversation has not begun to listen, and the dialplan has the caller back."""
    async with stage.switchboard():
        caller, _ = await stage.called("passive")
        assert await caller.left() == "gone on"


async def test_the_callers_side_alone_is_heard_bit_exact(stage: Stage) -> None:
    """The agent's tone reaches the caller, and not one sample of it reaches us."""
    async with stage.switchboard():
        caller, call = await stage.called("talk")
        await call.answer()

        async def agent_heard() -> bool:
            return len(caller.spoken()) > 8000

        await eventually(agent_heard)
        await caller.say(ramp(2.0))
        assert np.array_equal(await listened(call, 16_000), ramp(2.0))


async def test_variables_are_shared_and_the_caller_stays(stage: Stage) -> None:
    """Whatever is in them; the caller hears and notices nothing of it."""
    async with stage.switchboard():
        caller, call = await stage.called("passive")
        await call.answer()
        said = "Voice matches, so-so; a (lone) bracket)."
        await call.release({"COUNTERSIGN_VERDICT": "ACCEPT", "COUNTERSIGN_EXPLANATION": said})
        assert await shared(caller, "COUNTERSIGN_VERDICT") == "ACCEPT"
        assert await shared(caller, "COUNTERSIGN_EXPLANATION") == said
        assert caller.channel in [each.id for each in await caller.ari.channels.list()]


async def test_a_channel_that_comes_back_ends_the_listening(stage: Stage) -> None:
    """It has one conversation at a time: the second begins when the first is over."""
    async with stage.switchboard():
        _, first = await stage.called("back")
        await first.answer()
        with pytest.raises(ToldToStopError):
            await ended(first)
        stage.over(first)
        second = await stage.arrived()
        assert second.facts.id == first.facts.id
        await second.answer()


async def test_a_late_verdict_is_not_the_next_calls(stage: Stage) -> None:
    """Decided while the dialplan asks about another account, it is not there when that goes on."""
    async with stage.switchboard():
        caller, first = await stage.called("late")
        await first.answer()
        with pytest.raises(ToldToStopError):
            await ended(first)
        await first.release({"COUNTERSIGN_VERDICT": "ACCEPT"})
        stage.over(first)
        assert (await stage.arrived()).facts.request.account == "2"
        assert await caller.left() == "gone on, verdict ."


async def test_the_dialplan_can_end_the_listening(stage: Stage) -> None:
    """By a variable of the channel."""
    async with stage.switchboard():
        _, call = await stage.called("stop")
        await call.answer()
        await enough(stage)
        with pytest.raises(ToldToStopError):
            await ended(call)


async def test_the_dialplan_can_end_the_listening_while_the_events_are_away(stage: Stage) -> None:
    """It is asked for when they are back."""
    async with Relay(stage.asterisk.http_port) as relay, stage.switchboard(url=relay.url):
        caller, call = await stage.called("stop")
        await call.answer()
        relay.bar(EVENTS)
        relay.cut(EVENTS)
        await enough(stage)

        async def told() -> bool:
            get = caller.ari.channels.get_variable
            return await get(caller.channel, STOP_VARIABLE) == STOP

        await eventually(told)
        relay.admit()
        async with asyncio.timeout(PATIENCE_S):
            with pytest.raises(ToldToStopError):
                await ended(call)


async def test_another_program_can_end_the_listening(stage: Stage) -> None:
    """By a user event about the channel, of another application than ours."""
    async with stage.switchboard():
        caller, call = await stage.called("passive")
        await call.answer()
        await caller.ari.applications.tell(stage.app, STOP_EVENT, caller.channel)
        with pytest.raises(ToldToStopError):
            await ended(call)


async def test_a_hang_up_is_told(stage: Stage) -> None:
    """Though the channel is no longer in our application."""
    async with stage.switchboard():
        caller, call = await stage.called("passive")
        await call.answer()
        await caller.hang_up()
        with pytest.raises(CallerHungUpError):
            await ended(call)


async def test_without_chan_websocket_nothing_is_listened_to(stage: Stage) -> None:
    """The caller has gone on all the same."""
    async with stage.switchboard(way=MediaWay.RECORDING):
        caller, call = await stage.called("passive")
        with pytest.raises(CallLostError, match="chan_websocket"):
            await call.answer()
        assert await caller.left() == "gone on"


async def test_who_was_overheard_by_a_process_before_is_listened_to_no_more(stage: Stage) -> None:
    """A worker that comes back has his call to end, once, and leaves him where he is."""
    async with Relay(stage.asterisk.http_port) as relay:
        crash = stage.switchboard(url=relay.url, media_url=relay.url, backoff_s=60.0)
        async with crash:
            caller, call = await stage.called("passive")
            await call.answer()
            await relay.refuse()
            relay.cut()
            async with stage.switchboard():

                async def unsubscribed() -> bool:
                    found = await caller.ari.applications.get(stage.app)
                    return found is not None and found.channel_ids == ()

                await eventually(unsubscribed)
                assert [each.facts.id for each in stage.adopted] == [call.facts.id]
                assert stage.adopted[0].facts.request.purpose is Purpose.PASSIVE
                assert await caller.left() == "gone on"
