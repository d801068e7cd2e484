"""The caller's leg by FastAGI: a channel that says nothing any more is lost, and keeps nobody."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Coroutine
from ipaddress import ip_network
from typing import Any
from uuid import uuid4

import pytest

from ivr.agi.server import AgiServer
from ivr.flows.ending import finished, release
from ivr.lab.freeports import LOOPBACK, free_port
from ivr.line.agi_leg import AgiLeg
from ivr.line.agi_switchboard import AgiSwitchboard
from ivr.media.audiosockets import AudioSockets
from ivr.media.prompts import PromptLibrary
from ivr.ports import Call, CallerHungUpError, CallLostError
from tests.fakes.call import facts
from tests.patience import PATIENCE_S
from tests.unit.agi.peer import HELLO, connected

NO_AUDIO = AudioSockets(LOOPBACK, 0, f"{LOOPBACK}:1", lambda peer: False)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits as long as a call would."""
    monkeypatch.setattr("ivr.line.agi_leg.COMMAND_TIMEOUT_S", 0.05)


@pytest.mark.usefixtures("impatient")
async def test_command_without_a_reply_loses_the_call() -> None:
    """The command is named, and nothing more is asked of the channel."""
    async with connected() as (session, _):
        leg = AgiLeg(session, facts())
        with pytest.raises(CallLostError, match="GET VARIABLE"):
            await _soon(leg.tagged())
        assert leg.ended
        with pytest.raises(CallLostError, match="GET VARIABLE"):
            await leg.release({"COUNTERSIGN_VERDICT": "ACCEPT"})
        await leg.close()


async def test_hang_up_before_the_time_is_over_is_told() -> None:
    """Who is gone is gone, and not lost."""
    async with connected() as (session, peer):
        leg = AgiLeg(session, facts())
        peer.writer.write(b"HANGUP\n")
        with pytest.raises(CallerHungUpError):
            await _soon(leg.tag(uuid4()))
        await leg.close()


@pytest.mark.usefixtures("impatient")
async def test_mute_channel_does_not_keep_the_program_from_stopping() -> None:
    """Though a release is seen through to its end, that end comes."""
    asked = asyncio.Event()

    async def conduct(call: Call) -> None:
        asked.set()
        await finished(release(call, {"COUNTERSIGN_VERDICT": "INCONCLUSIVE"}))

    board = AgiSwitchboard(NO_AUDIO, PromptLibrary({}), conduct=conduct)
    port = free_port(socket.SOCK_STREAM)
    server = AgiServer(LOOPBACK, port, (ip_network(LOOPBACK),), board.serve)
    await server.__aenter__()
    _, writer = await asyncio.open_connection(LOOPBACK, port)
    try:
        writer.write(HELLO)
        await asked.wait()
        await _soon(server.__aexit__(None, None, None))
    finally:
        writer.close()


async def _soon(work: Coroutine[Any, Any, object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        await work
