"""The whole switchboard: who cannot be released while the line is cut is released later."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn, cast

import pytest

from ivr.ari import AriAddress, AriClient, Connected, Disconnected
from ivr.ari.client import Notice
from ivr.ari.errors import AriRequestError, AriUnreachableError
from ivr.ari.events import ChannelDtmfReceived, StasisStart
from ivr.ari.model import Application, Bridge, Channel, DialplanCEP
from ivr.line.capability import MediaWay
from ivr.line.record_rules import RecordRules
from ivr.line.switchboard import Switchboard
from ivr.media.prompts import PromptLibrary
from ivr.media.socket import MediaSockets
from ivr.ports import Call, CallLostError, Key, KeysMissed
from tests.patience import PATIENCE_S

APP, URL = "countersign", "http://127.0.0.1:1"
PLACE = DialplanCEP("countersign-ask", "s", 30, "Stasis", f"{APP},verify,account=1001")
CALLER = Channel(id="call-1", name="PJSIP/trunk-1", state="Up", dialplan=PLACE)
CUT = AriUnreachableError(URL, "connection refused")


@dataclass
class Exchange:
    """Asterisk's side: one caller, a line that can be cut, and a media channel that never comes."""

    waits: bool = False
    reachable: bool = True
    notices: asyncio.Queue[Notice | None] = field(default_factory=asyncio.Queue)
    looked: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once somebody has asked for all that there is."""
    removing: asyncio.Event = field(default_factory=asyncio.Event)
    removable: asyncio.Event = field(default_factory=asyncio.Event)
    """Cleared: removals hang."""
    refused: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once somebody has asked in vain who is there."""
    went_on: asyncio.Event = field(default_factory=asyncio.Event)

    async def events(self) -> AsyncIterator[Notice]:
        """Tell what happens."""
        while (notice := await self.notices.get()) is not None:
            yield notice

    async def application(self, name: str) -> Application:
        """Tell who is in the application."""
        if not self.reachable:
            self.refused.set()
        self.reach()
        return Application(name, channel_ids=(CALLER.id,) if self.waits else ())

    async def channels(self) -> Sequence[Channel]:
        """List the channels."""
        return (CALLER,)

    async def channel(self, channel: str) -> Channel:
        """Return the caller's channel, the only one there is."""
        self.reach()
        if channel != CALLER.id:
            raise AriRequestError(404, "GET", f"channels/{channel}", "Not Found")
        return CALLER

    async def bridges(self) -> Sequence[Bridge]:
        """List the bridges."""
        return ()

    async def recordings(self) -> Sequence[str]:
        """List the recordings: the last thing that is asked for."""
        self.looked.set()
        return ()

    async def media(self, channel: str, **_: str) -> NoReturn:
        """Make no media channel."""
        raise AriRequestError(500, "POST", "channels/externalMedia", "Internal Server Error")

    async def set(self, channel: str, variables: Mapping[str, str]) -> None:
        """Set variables."""
        self.reach()

    async def go_on(self, channel: str) -> None:
        """Send the caller on in the dialplan."""
        self.reach()
        self.waits = False
        self.went_on.set()

    async def remove(self, name: str) -> None:
        """Remove something, once it can be."""
        self.removing.set()
        await self.removable.wait()

    async def nothing(self, *_: str) -> None:
        """Do what does not matter here."""

    def reach(self) -> None:
        """Refuse while the line is cut."""
        if not self.reachable:
            raise CUT


@pytest.fixture
def exchange() -> Exchange:
    """Everything is removed as soon as it is asked for."""
    exchange = Exchange()
    exchange.removable.set()
    return exchange


@pytest.fixture
def client(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> AriClient:
    """Our end of the line to it."""
    client = AriClient(AriAddress(URL, "user", "secret", APP))
    for operations, name, operation in (
        (client, "events", exchange.events),
        (client.applications, "get", exchange.application),
        (client.channels, "list", exchange.channels),
        (client.channels, "get", exchange.channel),
        (client.channels, "answer", exchange.nothing),
        (client.channels, "external_media", exchange.media),
        (client.channels, "set_variables", exchange.set),
        (client.channels, "continue_in_dialplan", exchange.go_on),
        (client.channels, "hangup", exchange.remove),
        (client.bridges, "list", exchange.bridges),
        (client.bridges, "destroy", exchange.remove),
        (client.playbacks, "stop", exchange.nothing),
        (client.recordings, "stored", exchange.recordings),
        (client.recordings, "discard", exchange.nothing),
        (client.recordings, "delete", exchange.nothing),
    ):
        monkeypatch.setattr(operations, name, operation)
    return client


@dataclass
class Stage:
    """A switchboard with one call, in a conversation that fails once the line is cut."""

    exchange: Exchange
    calls: list[Call] = field(default_factory=list)
    """The one, once it is there."""
    conversing: asyncio.Event = field(default_factory=asyncio.Event)
    cut: asyncio.Event = field(default_factory=asyncio.Event)

    def board(self, client: AriClient) -> Switchboard:
        """Return the switchboard."""
        return Switchboard(
            client,
            cast(MediaSockets, None),
            cast(PromptLibrary, None),
            RecordRules("sounds"),
            conduct=self._conduct,
            adopt=self._adopt,
            way=MediaWay.WEBSOCKET,
        )

    async def begin(self) -> None:
        """Let somebody call, and wait until he is conducted."""
        self.exchange.notices.put_nowait(Connected(first=True))
        await self.exchange.looked.wait()
        self.exchange.waits = True
        start = StasisStart(args=("verify", "account=1001"), channel=CALLER)
        self.exchange.notices.put_nowait(start)
        await self.conversing.wait()

    def lose(self) -> None:
        """Cut the line, and end the conversation."""
        self.exchange.reachable = False
        self.exchange.notices.put_nowait(Disconnected(CUT))
        self.cut.set()

    def restore(self) -> None:
        """Connect again."""
        self.exchange.looked.clear()
        self.exchange.reachable = True
        self.exchange.notices.put_nowait(Connected(first=False))

    async def _conduct(self, call: Call) -> None:
        with pytest.raises(CallLostError):
            await call.answer()
        self.calls.append(call)
        self.conversing.set()
        await self.cut.wait()

    async def _adopt(self, call: Call) -> None:
        await call.release({"COUNTERSIGN_VERDICT": "INCONCLUSIVE"})


def key(digit: str) -> ChannelDtmfReceived:
    """Return what is told of a key that the caller pressed."""
    return ChannelDtmfReceived(channel=CALLER, digit=digit, duration_ms=80)


async def test_the_line_is_back_before_the_call_is_over(
    exchange: Exchange, client: AriClient
) -> None:
    """His release failed, and at the reconnect he was still taken for conducted: he goes on."""
    stage = Stage(exchange)
    running = asyncio.create_task(stage.board(client).run())
    async with asyncio.timeout(PATIENCE_S):
        await stage.begin()
        exchange.removable.clear()
        stage.lose()
        await exchange.removing.wait()
        stage.restore()
        await exchange.looked.wait()
        assert not exchange.went_on.is_set()
        exchange.removable.set()
        await exchange.went_on.wait()
        exchange.notices.put_nowait(None)
        await running


async def test_the_line_is_back_after_the_call_is_over(
    exchange: Exchange, client: AriClient
) -> None:
    """He goes on as soon as Asterisk answers, though that is not told."""
    stage = Stage(exchange)
    running = asyncio.create_task(stage.board(client).run())
    async with asyncio.timeout(PATIENCE_S):
        await stage.begin()
        stage.lose()
        await exchange.refused.wait()
        exchange.reachable = True
        await exchange.went_on.wait()
        exchange.notices.put_nowait(None)
        await running


async def test_a_line_that_stays_cut_keeps_nobody_from_stopping(
    exchange: Exchange, client: AriClient
) -> None:
    """Whoever could not be released waits for the next process."""
    stage = Stage(exchange)
    board = stage.board(client)
    running = asyncio.create_task(board.run())
    async with asyncio.timeout(PATIENCE_S):
        await stage.begin()
        stage.lose()
        await exchange.refused.wait()
        async with asyncio.timeout(1.0):
            await board.drain()
            await running
    assert not exchange.went_on.is_set()


async def test_keys_are_missed_from_the_cut_to_the_reconnect(
    exchange: Exchange, client: AriClient
) -> None:
    """The conversation hears of either, between the keys that it hears."""
    stage = Stage(exchange)
    running = asyncio.create_task(stage.board(client).run())
    async with asyncio.timeout(PATIENCE_S):
        await stage.begin()
        for notice in (key("1"), Disconnected(CUT), Connected(first=False), key("2")):
            exchange.notices.put_nowait(notice)
        (call,) = stage.calls
        heard = [await call.heard() for _ in range(4)]
        assert heard == [Key("1"), KeysMissed(), KeysMissed(), Key("2")]
        stage.cut.set()
        await exchange.went_on.wait()
        exchange.notices.put_nowait(None)
        await running
