"""A caller and an agent who talk to each other, and a system that overhears them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from ivr.ari import AriClient
from ivr.lab.asterisk import ROUTE_BY_CAUSE
from ivr.lab.freeports import LOOPBACK
from ivr.lab.softphone import PhoneCall, Softphone
from ivr.lab.system import System
from tests.integration.faults.records import Records, Row
from tests.integration.faults.waiting import patiently, until
from tests.relay import Relay


@dataclass(frozen=True, slots=True)
class Talk:
    """Two people in one call."""

    caller: PhoneCall
    agent: PhoneCall

    @property
    def channel(self) -> str:
        """SIP's Call-ID of the caller."""
        return self.caller.call_id

    async def agent_leaves(self) -> str:
        """Let the agent hang up; return where the dialplan then sent the caller."""
        await patiently(self.agent.hang_up())
        ending = await patiently(self.caller.ended())
        return ROUTE_BY_CAUSE[ending.cause or 0][0]


class Office:
    """A system with a telephone for callers and one for an agent."""

    def __init__(
        self, system: System, phone: Softphone, desk: Softphone, ari: AriClient, relay: Relay
    ) -> None:
        self.system = system
        self.relay = relay
        self.records = Records(system.dsn)
        self.ari = ari
        self._phone = phone
        self._desk = desk

    async def talk(self, extension: str) -> Talk:
        """Let somebody call, and the agent pick up."""
        picked = asyncio.create_task(self._desk.called(record=True))
        where = LOOPBACK, self.system.asterisk.sip_port
        caller = await patiently(self._phone.dial(extension, *where, record=True))
        return Talk(caller, await patiently(picked))

    async def row(self, account: str) -> Row:
        """Wait for the one verdict on an account."""

        async def rows() -> list[Row]:
            found = [row for row in await self.records.verifications() if row.account == account]
            return [row for row in found if row.verdict is not None]

        (row,) = await until(rows)
        return row

    async def ours(self, kind: str) -> str:
        """Wait until we have made a channel of a kind, and return it."""

        async def made() -> list[str]:
            channels = [each.id for each in await self.ari.channels.list()]
            return [each for each in channels if f"~{kind}~" in each]

        (channel,) = await until(made)
        return channel

    async def listens(self) -> None:
        """Wait until we hear the caller."""

        async def bridged() -> list[str]:
            bridges = await self.ari.bridges.list()
            ours = [each for each in bridges if each.id.startswith("countersign~")]
            return [each.id for each in ours if len(each.channels) == 2]

        await until(bridged)

    async def begin(self) -> None:
        """Begin once nothing of an earlier talk can be taken for this one's."""
        await self.nothing_left()
        await self.records.begin()

    async def nothing_left(self) -> None:
        """Wait until Asterisk holds none of our channels and bridges."""

        async def left() -> list[str]:
            channels = [each.id for each in await self.ari.channels.list()]
            bridges = [each.id for each in await self.ari.bridges.list()]
            return [each for each in channels + bridges if each.startswith("countersign~")]

        await until(left, lambda found: not found)
