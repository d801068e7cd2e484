"""Many callers at once: each on a telephone of his own, in a rhythm of his own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from engine.types import Pcm
from ivr.ari.client import AriClient
from ivr.lab.bench.person import ACCOUNT
from ivr.lab.caller import Experience, go_through
from ivr.lab.freeports import LOOPBACK
from ivr.lab.softphone import PhoneCall, Softphone
from ivr.lab.softphone.rtp import FRAME_S

SPREAD_S = 3.0
"""The callers begin within the length of an utterance, so that they speak at once, not in step."""
ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Visit:
    """One call: what its caller went through, and which of Asterisk's channels it was."""

    channel: str
    recording: int
    """Which of the recordings the caller spoke."""
    experience: Experience
    lost: int
    """Packets of prompts that did not reach the caller."""


async def visits(
    sip_port: int, ari: AriClient, says: Sequence[Pcm], count: int, rounds: int
) -> list[Visit]:
    """Let `count` callers call `rounds` times each, and return all calls."""
    crowd = Crowd(sip_port, ari, says)
    async with asyncio.TaskGroup() as tasks:
        callers = [
            tasks.create_task(crowd.caller(number, start_s(number, count), rounds))
            for number in range(count)
        ]
    return [visit for each in callers for visit in each.result()]


def start_s(number: int, count: int) -> float:
    """Return when a caller begins: evenly spread, and their 20 ms beats as well."""
    return number * (SPREAD_S + FRAME_S) / count


class Crowd:
    """The callers of one measurement."""

    def __init__(self, sip_port: int, ari: AriClient, says: Sequence[Pcm]) -> None:
        self._where = LOOPBACK, sip_port
        self._ari = ari
        self._says = says

    async def caller(self, number: int, start_s: float, rounds: int) -> list[Visit]:
        """Call again and again, saying something else each time."""
        await asyncio.sleep(start_s)
        async with Softphone(LOOPBACK) as phone:
            return [await self._visit(phone, number + turn) for turn in range(rounds)]

    async def _visit(self, phone: Softphone, turn: int) -> Visit:
        recording = turn % len(self._says)
        call = await phone.dial(f"verify-{ACCOUNT}", *self._where)
        channel = asyncio.create_task(self._channel(call))
        experience = await go_through(call, says=[self._says[recording]] * ATTEMPTS)
        return Visit(await channel, recording, experience, call.reception.lost)

    async def _channel(self, call: PhoneCall) -> str:
        """Return Asterisk's name for the call, by which Countersign's log knows it."""
        for channel in await self._ari.channels.list():
            if channel.protocol_id == call.call_id:
                return channel.id
        raise RuntimeError("Asterisk knows nothing of a call that it has just answered")
