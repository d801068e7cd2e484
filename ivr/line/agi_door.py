"""The way in by FastAGI, whole: two listening ports and the switchboard behind them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_network

import structlog

from ivr.agi.peers import Network, may_enter
from ivr.agi.server import AgiServer
from ivr.line.agi_switchboard import AgiSwitchboard, Follow, follow_nobody
from ivr.line.arguments import RequestDefaults
from ivr.line.hearing import Carried, count_nothing
from ivr.line.leg import Watch, watch_nothing
from ivr.line.switchboard import Conversation
from ivr.media.audiosockets import AudioSockets
from ivr.media.prompts import PromptLibrary

LOOPBACK = "127.0.0.1"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class AgiRules:
    """Where to listen, and whom to let in."""

    host: str = LOOPBACK
    port: int = 4573
    """Asterisk's own default for `agi://host/`."""
    audio_host: str = LOOPBACK
    audio_port: int = 4574
    audio_address: str = ""
    """`host:port` of the audio as Asterisk reaches it; empty: the two above."""
    allowed: tuple[Network, ...] = (ip_network(LOOPBACK), ip_network("::1"))
    """Who may connect to either port."""

    @property
    def audio(self) -> str:
        """What Asterisk is told to connect to."""
        return self.audio_address or f"{self.audio_host}:{self.audio_port}"


@asynccontextmanager
async def agi_door(
    rules: AgiRules,
    prompts: PromptLibrary,
    *,
    conduct: Conversation,
    drain_s: float,
    defaults: RequestDefaults | None = None,
    watch: Watch = watch_nothing,
    carried: Carried = count_nothing,
    follow: Follow = follow_nobody,
) -> AsyncIterator[AgiServer]:
    """Take calls while entered; at the end take none and give those at hand `drain_s` to finish.

    Raises `AgiListenError` or `AudioSocketListenError`.
    """
    admit = partial(may_enter, allowed=rules.allowed)
    async with AudioSockets(rules.audio_host, rules.audio_port, rules.audio, admit) as sockets:
        board = AgiSwitchboard(
            sockets,
            prompts,
            conduct=conduct,
            defaults=defaults,
            watch=watch,
            carried=carried,
            follow=follow,
        )
        async with AgiServer(rules.host, rules.port, rules.allowed, board.serve) as server:
            log.info("agi_ready", host=rules.host, port=rules.port, audio=rules.audio)
            yield server
            await _drained(server, drain_s)


async def _drained(server: AgiServer, drain_s: float) -> None:
    try:
        async with asyncio.timeout(drain_s):
            await server.drain()
    except TimeoutError:
        log.warning("agi_calls_cut_off", after_s=drain_s)
