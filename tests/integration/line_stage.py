"""A stage for calls on a real Asterisk: callers with ears and a mouth, and our switchboard."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import numpy as np
import soundfile

from engine.types import Pcm
from ivr.agi.server import AgiServer
from ivr.ari import AriAddress, AriClient
from ivr.ari.requests import Method, Request
from ivr.domain.prompt import Prompt
from ivr.lab.asterisk import PrivateAsterisk
from ivr.lab.freeports import free_port
from ivr.line.agi_door import AgiRules, agi_door
from ivr.line.capability import MediaWay
from ivr.line.names import Kind, Names
from ivr.line.recorded_call import RecordRules
from ivr.line.switchboard import Switchboard
from ivr.media import control
from ivr.media.outflow import CHUNK_BYTES
from ivr.media.prompts import PromptLibrary, SpokenLocale
from ivr.media.socket import MediaFrame, MediaSocket, MediaSockets
from ivr.ports import Call, Frame

PATIENCE_S = 10.0
"""For what should take milliseconds."""
MODULES = ("app_senddtmf", "format_sln")
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
exten => keys,1,Answer()
 same => n,Wait(0.2)
 same => n,SendDTMF(12*#,50,80)
 same => n,Wait(60)
"""
FOLDER = {Prompt.TONE: 0.2, Prompt.CONSENT: 3.0, Prompt.ENROLL_INTRO: 25.0}
"""How long the prompts that we use last, in seconds."""


def ramp(seconds: float, first: int = 1) -> Pcm:
    """Return audio of which no sample is zero and any piece can be found again, int16 at 8 kHz."""
    count = int(8000 * seconds)
    return ((np.arange(first, first + count) * 7) % 20_011 + 1).astype(np.int16)


def spoken(pcm: Pcm) -> Pcm:
    """Return the samples that are not silence."""
    sounding: Pcm = pcm[pcm != 0]
    return sounding


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


@dataclass(slots=True)
class Caller:
    """Someone on the telephone; `heard` is what came out of the receiver, with loop times."""

    ari: AriClient
    channel: str
    socket: MediaSocket | None = None
    heard: list[tuple[float, Pcm]] = field(default_factory=list)

    async def say(self, pcm: Pcm) -> None:
        """Speak, in real time from now on; before and after nothing is sent, not even silence."""
        await self._send(control.start_media_buffering())
        raw = pcm.astype("<i2").tobytes()
        for at in range(0, len(raw), CHUNK_BYTES):
            await self._send(raw[at : at + CHUNK_BYTES])
        await self._send(control.stop_media_buffering("said"))

    async def suppress_silence(self) -> None:
        """Send nothing at all from here on, as a telephone with DTX."""
        await self._send(json.dumps({"command": "SET_MEDIA_DIRECTION", "direction": "in"}))

    async def hang_up(self) -> None:
        """End the call."""
        await self.ari.channels.hangup(self.channel)

    async def left(self) -> str:
        """Wait until the dialplan has the caller back; return what it was told."""
        left: list[str] = []

        async def told() -> bool:
            left[:] = [await self.ari.channels.get_variable(self.channel, "LEFT") or ""]
            return bool(left[0])

        await eventually(told)
        return left[0]

    async def hears(self, pcm: Pcm) -> None:
        """Wait until so much of something other than silence was heard; it must be exactly that."""

        async def enough() -> bool:
            return len(self.spoken()) >= len(pcm)

        await eventually(enough)
        assert np.array_equal(self.spoken()[: len(pcm)], pcm)

    def spoken(self) -> Pcm:
        """Return all that was heard, less the silence."""
        return spoken(np.concatenate([np.empty(0, np.int16), *(pcm for _, pcm in self.heard)]))

    @property
    def last_sound_at(self) -> float:
        """When the last frame that is not silence came."""
        return max(at for at, pcm in self.heard if pcm.any())

    async def listen(self) -> None:
        """Hold the receiver to the ear until the call is over."""
        assert self.socket is not None
        loop = asyncio.get_running_loop()
        async for item in self.socket:
            if isinstance(item, MediaFrame):
                self.heard.append((loop.time(), np.frombuffer(item.payload, "<i2")))

    async def _send(self, message: str | bytes) -> None:
        assert self.socket is not None
        await self.socket.send([message])


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
            AriClient(address, heartbeat_s=0.4, backoff=lambda _: backoff_s) as ari,
            MediaSockets(
                media_url or self.asterisk.ari_url, heartbeat_s=media_heartbeat_s
            ) as sockets,
        ):
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
        """Let someone call us who presses 1, 2, * and # soon after we answer."""
        caller = Caller(self.phone, f"caller-{uuid4().hex[:8]}")
        await self._originate(caller, self._entrance, "Local/keys@line/n")
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
        }
        await self.phone.request(Request(Method.POST, "channels", query))

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
    assert not left, f"tasks left over: {left}"


async def _nothing_left(phone: AriClient) -> None:
    """Give Asterisk a moment to take down what it was told to."""
    try:
        await eventually(lambda: _none_left(phone), 2.0)
    except TimeoutError:
        raise AssertionError(f"left over in Asterisk: {await _left(phone)}") from None


async def _none_left(phone: AriClient) -> bool:
    return not await _left(phone)


async def _left(phone: AriClient) -> list[str]:
    channels = [channel.id for channel in await phone.channels.list()]
    bridges = [bridge.id for bridge in await phone.bridges.list()]
    return channels + bridges + list(await phone.recordings.stored())


async def eventually(so: Callable[[], Awaitable[bool]], patience_s: float = PATIENCE_S) -> None:
    """Wait until something outside this process is so; it can only be asked again and again."""
    async with asyncio.timeout(patience_s):
        while not await so():  # noqa: ASYNC110 - nobody tells us
            await asyncio.sleep(0.01)


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
