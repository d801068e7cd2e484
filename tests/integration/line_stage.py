"""A stage for calls on a real Asterisk: callers with ears and a mouth, and our switchboard."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import numpy as np
import soundfile

from engine.types import Pcm
from ivr.agi.server import AgiServer
from ivr.ari import AriAddress, AriClient
from ivr.ari.events import StasisStart
from ivr.ari.requests import Method, Request
from ivr.domain.prompt import Prompt
from ivr.lab.asterisk import PrivateAsterisk
from ivr.lab.freeports import free_port
from ivr.line.agi_door import AgiRules, agi_door
from ivr.line.capability import MediaWay
from ivr.line.names import Kind, Names
from ivr.line.record_rules import RecordRules
from ivr.line.switchboard import Switchboard
from ivr.media.prompts import PromptLibrary, SpokenLocale
from ivr.media.socket import MediaSockets
from ivr.ports import Call, Frame
from tests.integration.line_caller import Caller, eventually, spoken
from tests.patience import PATIENCE_S

MODULES = ("format_sln",)
DIALPLAN = """
[line]
exten => _verify-.,1,Stasis(${EXTEN:7},verify,tenant=,locale=,account=${URIENCODE(a,b 1)})
 same => n,Set(LEFT=${STASISSTATUS}/${COUNTERSIGN_VERDICT}/${COUNTERSIGN_REASON})
 same => n,Wait(60)
exten => _twice-.,1,Stasis(${EXTEN:6},verify,account=1)
 same => n,Stasis(${EXTEN:6},verify,account=2)
 same => n,Set(LEFT=${STASISSTATUS}/${COUNTERSIGN_VERDICT}/${COUNTERSIGN_REASON})
 same => n,Wait(60)
exten => _bad-.,1,Stasis(${EXTEN:4},verify,account=%zz)
 same => n,Set(LEFT=${STASISSTATUS}/${COUNTERSIGN_VERDICT}/${COUNTERSIGN_REASON})
 same => n,Wait(60)
exten => _agi-.,1,AGI(agi://127.0.0.1:${EXTEN:4}/verify?tenant=&account=${URIENCODE(a,b 1)})
 same => n,Set(LEFT=${AGISTATUS}/${COUNTERSIGN_VERDICT}/${COUNTERSIGN_REASON})
 same => n,Wait(60)
exten => _agi-bad-.,1,AGI(agi://127.0.0.1:${EXTEN:8}/verfiy?account=1)
 same => n,Set(LEFT=${AGISTATUS}/${COUNTERSIGN_VERDICT}/${COUNTERSIGN_REASON})
 same => n,Wait(60)
exten => _keys-.,1,Answer()
 same => n,Stasis(${EXTEN:5})
"""
FOLDER = {Prompt.TONE: 0.2, Prompt.CONSENT: 3.0, Prompt.ENROLL_INTRO: 25.0}
"""How long the prompts that we use last, in seconds."""


def ramp(seconds: float, first: int = 1) -> Pcm:
    """Return audio of which no sample is zero and any piece can be found again, int16 at 8 kHz."""
    count = int(8000 * seconds)
    return ((np.arange(first, first + count) * 7) % 20_011 + 1).astype(np.int16)


def prompt_audio(prompt: Prompt) -> Pcm:
    """Return what a prompt sounds like here."""
    return -ramp(FOLDER.get(prompt, 0.1), 1 + list(Prompt).index(prompt))


SOUNDS = {prompt.value: prompt_audio(prompt) for prompt in Prompt}
LIBRARY = PromptLibrary({"en-US": SpokenLocale(SOUNDS, "en-US/1")})


def write_sounds(folder: Path) -> Path:
    """Write the prompts as sound files, for Asterisk to play."""
    (folder / "en-US").mkdir(parents=True)
    for prompt in Prompt:
        path = folder / "en-US" / f"{prompt.value}.wav"
        soundfile.write(path, prompt_audio(prompt), 8000, "PCM_16")
    return folder


class Stage:
    """One switchboard of its own application, and the callers who call it."""

    def __init__(self, asterisk: PrivateAsterisk, phone: AriClient, sockets: MediaSockets) -> None:
        """Take what the callers use; `open_stage` makes it."""
        self.asterisk = asterisk
        self.app = f"line-{uuid4().hex[:8]}"
        self._entrance = f"verify-{self.app}"
        self.adopted: list[Call] = []
        self.running: asyncio.Task[None] | None = None
        """The switchboard's run, the latest one's."""
        self.line: AriClient | None = None
        """The switchboard's connection, the latest one's."""
        self.phone = phone
        self._sockets = sockets
        self._listeners: set[asyncio.Task[None]] = set()
        self._callers: list[Caller] = []
        self._calls: asyncio.Queue[Call] = asyncio.Queue()
        self._over: dict[str, asyncio.Event] = {}

    @asynccontextmanager
    async def switchboard(
        self,
        *,
        sounds: Path | None = None,
        way: MediaWay | None = None,
        url: str = "",
        media_url: str = "",
        backoff_s: float = 0.01,
        media_heartbeat_s: float = 5.0,
    ) -> AsyncIterator[Switchboard]:
        """Run a switchboard; at the end it is drained, and must leave nothing behind."""
        address = AriAddress(
            url or self.asterisk.ari_url,
            self.asterisk.ari_user,
            self.asterisk.ari_password,
            self.app,
        )
        async with (
            AriClient(address, backoff=lambda _: backoff_s) as ari,
            MediaSockets(
                media_url or self.asterisk.ari_url, heartbeat_s=media_heartbeat_s
            ) as sockets,
        ):
            self.line = ari
            board = Switchboard(
                ari,
                sockets,
                LIBRARY,
                RecordRules(str(sounds or "/nowhere"), max_silence_s=1, max_duration_s=3),
                conduct=self._conduct,
                adopt=self._adopt,
                way=way,
            )
            running = self.running = asyncio.create_task(board.run())
            try:
                yield board
                await self.hang_up_all()
                await asyncio.wait_for(board.drain(), PATIENCE_S)
                await asyncio.wait({running})
            finally:
                running.cancel()
                await asyncio.wait({running})
            if not running.cancelled() and running.exception() is not None:
                await running

    @asynccontextmanager
    async def agi(
        self, *, audio_address: str = "", audio_port: int = 0
    ) -> AsyncIterator[AgiServer]:
        """Take calls by FastAGI; callers of this stage come this way from here on."""
        rules = AgiRules(
            port=free_port(socket.SOCK_STREAM),
            audio_port=audio_port or free_port(socket.SOCK_STREAM),
            audio_address=audio_address,
        )
        self.app, self._entrance = str(rules.port), f"agi-{rules.port}"
        async with agi_door(rules, LIBRARY, conduct=self._conduct, drain_s=PATIENCE_S) as server:
            yield server
            await self.hang_up_all()

    async def caller(self, extension: str = "") -> Caller:
        """Let someone with ears and a mouth call us."""
        caller = Caller(self.phone, f"caller-{uuid4().hex[:8]}")
        to = f"{extension}-{self.app}" if extension else self._entrance
        await self._originate(caller, to, "WebSocket/INCOMING/c(slin)f(json)")
        connection = await self.phone.channels.get_variable(
            caller.channel, "MEDIA_WEBSOCKET_CONNECTION_ID"
        )
        caller.socket = await self._sockets.connect(connection or "")
        listening = asyncio.create_task(caller.listen())
        self._listeners.add(listening)
        return caller

    async def keyer(self) -> Caller:
        """Let someone call us who presses keys when he is told to."""
        caller = Caller(self.phone, f"caller-{uuid4().hex[:8]}", f"finger-{uuid4().hex[:8]}")
        endpoint = f"Local/keys-{self.phone.address.app}@line/n"
        await self._originate(caller, self._entrance, endpoint)
        await self._ready(caller.finger)
        return caller

    async def arrived(self) -> Call:
        """Return the next call that the switchboard hands to its conversation."""
        return await asyncio.wait_for(self._calls.get(), PATIENCE_S)

    async def called(self, extension: str = "") -> tuple[Caller, Call]:
        """Let someone call us; return both ends."""
        caller = await self.caller(extension)
        return caller, await self.arrived()

    async def records(self, call: Call) -> bool:
        """Say whether Asterisk makes its first recording of the call; what came before is lost."""
        live = await self.phone.recordings.live(Names(self.app).of(Kind.RECORDING, call.facts.id))
        return live is not None and live.state == "recording"

    def over(self, call: Call) -> None:
        """Let the call's conversation end."""
        self._over[call.facts.id].set()

    async def hang_up_all(self) -> None:
        """End all calls, from the callers' side, and all conversations."""
        for caller in self._callers:
            await caller.hang_up()
        for over in self._over.values():
            over.set()
        if self._listeners:
            await asyncio.wait(self._listeners, timeout=PATIENCE_S)

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until something is so."""

        async def so() -> bool:
            return true()

        await eventually(so)

    async def _originate(self, caller: Caller, extension: str, endpoint: str) -> None:
        self._callers.append(caller)
        query = {
            "endpoint": endpoint,
            "context": "line",
            "extension": extension,
            "priority": "1",
            "channelId": caller.channel,
        } | ({"otherChannelId": caller.finger} if caller.finger else {})
        await self.phone.request(Request(Method.POST, "channels", query))

    async def _ready(self, finger: str) -> None:
        """Wait until keys can be pressed."""
        async with asyncio.timeout(PATIENCE_S):
            async for notice in self.phone.events():
                if isinstance(notice, StasisStart) and notice.channel.id == finger:
                    return

    async def _conduct(self, call: Call) -> None:
        over = self._over[call.facts.id] = asyncio.Event()
        self._calls.put_nowait(call)
        await over.wait()

    async def _adopt(self, call: Call) -> None:
        self.adopted.append(call)
        await call.release({"COUNTERSIGN_VERDICT": "INCONCLUSIVE"})


@asynccontextmanager
async def open_stage(asterisk: PrivateAsterisk) -> AsyncIterator[Stage]:
    """Make a stage; at its end no channel, bridge, recording or task may be left over."""
    before = asyncio.all_tasks()
    address = AriAddress(
        asterisk.ari_url, asterisk.ari_user, asterisk.ari_password, f"phone-{uuid4().hex[:8]}"
    )
    async with AriClient(address) as phone, MediaSockets(asterisk.ari_url) as sockets:
        stage = Stage(asterisk, phone, sockets)
        yield stage
        await stage.hang_up_all()
        await _nothing_left(phone)
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    if left:
        # What is about to end by itself is not left over.
        _, left = await asyncio.wait(left, timeout=PATIENCE_S)
    assert not left, f"tasks left over: {left}"


async def _nothing_left(phone: AriClient) -> None:
    """Give Asterisk a moment to take down what it was told to."""
    try:
        await eventually(lambda: _none_left(phone))
    except TimeoutError:
        raise AssertionError(f"left over in Asterisk: {await _left(phone)}") from None


async def _none_left(phone: AriClient) -> bool:
    return not await _left(phone)


async def _left(phone: AriClient) -> list[str]:
    channels = [channel.id for channel in await phone.channels.list()]
    bridges = [bridge.id for bridge in await phone.bridges.list()]
    return channels + bridges + list(await phone.recordings.stored())


async def next_of(call: Call, kind: type[object]) -> object:
    """Hear on until something of that kind comes, and return it."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            heard = await call.heard()
            if isinstance(heard, kind):
                return heard


async def listened(call: Call, samples: int) -> Pcm:
    """Hear frames until so many samples that are not silence came; return those."""
    pcm = np.empty(0, np.int16)
    async with asyncio.timeout(PATIENCE_S):
        while len(pcm) < samples:
            heard = await call.heard()
            if isinstance(heard, Frame):
                pcm = np.concatenate((pcm, spoken(heard.pcm)))
    return pcm
