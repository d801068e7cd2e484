"""Who calls in the tests of the line: somebody with ears and a mouth, or with a finger."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from engine.types import Pcm
from ivr.ari import AriClient
from ivr.ari.requests import Method, Request
from ivr.lab.softphone.metronome import Metronome
from ivr.media import control
from ivr.media.outflow import CHUNK_BYTES
from ivr.media.socket import MediaFrame, MediaSocket
from tests.patience import PATIENCE_S


@dataclass(slots=True)
class Caller:
    """Someone on the telephone; `heard` is what came out of the receiver, with loop times."""

    ari: AriClient
    channel: str
    finger: str = ""
    """The channel that presses keys, of who has no voice."""
    socket: MediaSocket | None = None
    heard: list[tuple[float, Pcm]] = field(default_factory=list)
    _said: asyncio.Event = field(default_factory=asyncio.Event)

    async def say(self, pcm: Pcm) -> None:
        """Speak, in real time from now on; before and after nothing is sent, not even silence."""
        self._said.clear()
        await self._send(control.start_media_buffering())
        raw = pcm.astype("<i2").tobytes()
        for at in range(0, len(raw), CHUNK_BYTES):
            await self._send(raw[at : at + CHUNK_BYTES])
        await self._send(control.stop_media_buffering("said"))

    async def has_said_it(self) -> None:
        """Wait until the last of it is on its way."""
        async with asyncio.timeout(PATIENCE_S):
            await self._said.wait()

    async def press(self, keys: str) -> None:
        """Press keys, the first one now."""
        query = {"dtmf": keys, "between": "50", "duration": "80"}
        await self.ari.request(Request(Method.POST, f"channels/{self.finger}/dtmf", query))

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
            elif isinstance(item, control.MediaBufferingCompleted):
                self._said.set()

    async def _send(self, message: str | bytes) -> None:
        assert self.socket is not None
        await self.socket.send([message])


def spoken(pcm: Pcm) -> Pcm:
    """Return the samples that are not silence."""
    sounding: Pcm = pcm[pcm != 0]
    return sounding


@contextmanager
def lateness() -> Iterator[Metronome]:
    """Measure how late this process got round to things: no measure of what it tests."""
    metronome = Metronome(lambda _: None)
    yield metronome
    metronome.stop()


async def eventually(so: Callable[[], Awaitable[bool]], patience_s: float = PATIENCE_S) -> None:
    """Wait until something outside this process is so; it can only be asked again and again."""
    async with asyncio.timeout(patience_s):
        while not await so():  # noqa: ASYNC110 - nobody tells us
            await asyncio.sleep(0.01)
