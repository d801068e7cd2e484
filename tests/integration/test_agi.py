"""Calls by FastAGI and AudioSocket on a real Asterisk: audio both ways, and every failure."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import ip_network
from uuid import uuid4

import numpy as np
import pytest

from ivr.domain.prompt import Prompt
from ivr.lab.freeports import LOOPBACK, free_port
from ivr.line.agi_door import AgiRules, agi_door
from ivr.media.audiosocket import Hello, encode_message
from ivr.ports import Call, CallerHungUpError, CallLostError, Frame, Key, PromptEnded
from tests.integration.line_caller import lateness
from tests.integration.line_stage import LIBRARY, Stage, listened, next_of, prompt_audio, ramp
from tests.patience import PATIENCE_S
from tests.relay import Relay

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module")]


async def test_caller_is_heard_bit_exact_while_a_prompt_plays(stage: Stage) -> None:
    """Both directions at once, and not one sample is lost or changed."""
    async with stage.agi():
        caller, call = await stage.called()
        await call.answer()
        await call.play([Prompt.CONSENT])
        await caller.say(ramp(2.0))
        assert np.array_equal(await listened(call, 16_000), ramp(2.0))
        await next_of(call, PromptEnded)
        await caller.hears(prompt_audio(Prompt.CONSENT))


async def test_barge_in_silences_within_two_frames(stage: Stage) -> None:
    """After hush the caller hears at most two frames more, and PromptEnded comes once."""
    async with stage.agi():
        caller, call = await stage.called()
        await call.answer()
        await call.play([Prompt.CONSENT])
        with lateness() as late:
            await stage.until(lambda: len(caller.spoken()) > 2000)
            before = len(caller.spoken())
            await call.hush()
            await call.hush()
        await next_of(call, PromptEnded)
        for _ in range(15):
            assert isinstance(await call.heard(), Frame)
        assert len(caller.spoken()) - before <= 2 * 160 + 8000 * late.latest_s


async def test_request_of_the_dialplan_arrives(stage: Stage) -> None:
    """Spaces and commas of an account come through the real dialplan."""
    async with stage.agi():
        caller, call = await stage.called()
        assert call.facts.request.account == "a,b 1"
        assert call.facts.request.tenant == "default"
        assert call.facts.id == caller.channel


async def test_keys_arrive_in_order_during_a_prompt(stage: Stage) -> None:
    """Every key is heard once, in order."""
    async with stage.agi():
        caller = await stage.keyer()
        call = await stage.arrived()
        await call.answer()
        await call.play([Prompt.CONSENT])
        await caller.press("12*#")
        keys = [await next_of(call, Key) for _ in range(4)]
        assert keys == [Key("1"), Key("2"), Key("*"), Key("#")]


async def test_tag_during_the_audio_reaches_the_channel_at_the_release(stage: Stage) -> None:
    """While audio flows AGI takes no command; nothing told meanwhile is lost."""
    async with stage.agi():
        caller, call = await stage.called()
        await call.answer()
        record = uuid4()
        await call.tag(record)
        assert await call.tagged() == record
        await call.release({"COUNTERSIGN_VERDICT": "REJECT", "COUNTERSIGN_REASON": "NO_MATCH"})
        assert await caller.left() == "SUCCESS/REJECT/NO_MATCH"
        found = await caller.ari.channels.get_variable(caller.channel, "COUNTERSIGN_ID")
        assert found == str(record)


async def test_conversation_that_ends_without_release_sends_the_caller_back(stage: Stage) -> None:
    """Nobody is kept, and no verdict is made up."""
    async with stage.agi():
        caller, call = await stage.called()
        await call.answer()
        stage.over(call)
        assert await caller.left() == "SUCCESS//"


@pytest.mark.parametrize("state", ["arrived", "answered", "playing"])
async def test_hang_up_is_noticed_in_each_state(stage: Stage, state: str) -> None:
    """Whatever the call waits for, a hang-up ends it with the caller's error."""
    async with stage.agi():
        caller, call = await stage.called()
        if state != "arrived":
            await call.answer()
        if state == "playing":
            await call.play([Prompt.CONSENT])
        await caller.hang_up()
        with pytest.raises(CallerHungUpError):
            await next_of(call, PromptEnded)
        for ask in (call.play([Prompt.TONE]), call.release({}), call.tag(uuid4())):
            with pytest.raises(CallerHungUpError):
                await ask


async def test_audio_that_cannot_connect_is_a_lost_call(stage: Stage) -> None:
    """A wrong address is named, and the caller is released in good order."""
    nowhere = f"{LOOPBACK}:{free_port(socket.SOCK_STREAM)}"
    async with stage.agi(audio_address=nowhere):
        caller, call = await stage.called()
        with pytest.raises(CallLostError, match=r"agi\.audio_address"):
            await call.answer()
        await _released(call)
        assert await caller.left() == "SUCCESS/INCONCLUSIVE/"


async def test_audio_cut_mid_utterance_is_a_lost_call(stage: Stage) -> None:
    """An AudioSocket that breaks ends the hearing; the caller is released all the same."""
    audio_port = free_port(socket.SOCK_STREAM)
    async with Relay(audio_port) as relay:
        address = relay.url.removeprefix("http://")
        async with stage.agi(audio_address=address, audio_port=audio_port):
            caller, call = await stage.called()
            await call.answer()
            await caller.say(ramp(3.0))
            await listened(call, 4000)
            relay.cut()
            with pytest.raises(CallLostError):
                await next_of(call, PromptEnded)
            with pytest.raises(CallLostError):
                await call.play([Prompt.TONE])
            await _released(call)
            assert await caller.left() == "SUCCESS/INCONCLUSIVE/"


async def test_unreadable_request_sends_the_caller_back(stage: Stage) -> None:
    """A purpose that there is not is answered with no verdict, which the dialplan refuses."""
    async with stage.agi():
        caller = await stage.caller("agi-bad")
        assert await caller.left() == "SUCCESS//"


async def test_strangers_are_not_let_in() -> None:
    """Neither port answers an address that is not allowed, nor an id that no call waits for."""
    rules = AgiRules(
        port=free_port(socket.SOCK_STREAM),
        audio_port=free_port(socket.SOCK_STREAM),
        allowed=(ip_network("192.0.2.0/24"),),
    )
    async with agi_door(rules, LIBRARY, conduct=_nobody, drain_s=1.0):
        for port in (rules.port, rules.audio_port):
            assert await _answer(port, b"agi_network: yes\n") == b""
    known = AgiRules(port=rules.port, audio_port=rules.audio_port)
    async with agi_door(known, LIBRARY, conduct=_nobody, drain_s=1.0):
        assert await _answer(known.audio_port, encode_message(Hello(uuid4()))) == b""
        assert await _answer(known.audio_port, b"\x01\x00\x02ab") == b""
        assert await _answer(known.port, b"GET / HTTP/1.1\r\n\r\n") == b""


async def _released(call: Call) -> None:
    await call.release({"COUNTERSIGN_VERDICT": "INCONCLUSIVE"})


async def _nobody(call: Call) -> None:
    raise AssertionError("nobody was to get in")


async def _answer(port: int, sent: bytes) -> bytes:
    """Connect, send, and return all that comes until the other side closes."""
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    try:
        writer.write(sent)
        async with asyncio.timeout(PATIENCE_S):
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()
