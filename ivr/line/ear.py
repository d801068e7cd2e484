"""From the media socket's frames to what the flow hears: decoded, in 20 ms frames, without gaps."""

from __future__ import annotations

import asyncio

import numpy as np
import structlog

from engine.types import Pcm
from ivr.line.inbox import Inbox
from ivr.media.codec import Codec
from ivr.media.errors import FrameSizeError
from ivr.media.pacer import Pacer
from ivr.media.reframer import FRAME_SAMPLES, Reframer
from ivr.ports import Frame

log = structlog.get_logger()


class Ear:
    """Puts the caller's audio into the inbox and silence where there is none.

    `frames` counts what came, `refused` what was no whole number of samples.
    """

    def __init__(self, codec: Codec, inbox: Inbox) -> None:
        """Begin to listen now; an event loop must be running."""
        self.frames = 0
        self.refused = 0
        self._codec = codec
        self._inbox = inbox
        self._reframer = Reframer()
        self._loop = asyncio.get_running_loop()
        self.pacer = Pacer(self._loop.time())
        self._timer = self._loop.call_at(self.pacer.due, self._tick)

    def take(self, payload: bytes) -> None:
        """Take a frame from the media socket; one of an odd size is counted and dropped."""
        try:
            pcm = self._codec.decode(payload)
        except FrameSizeError as error:
            self.refused += 1
            log.warning("media_frame_refused", why=str(error), refused=self.refused)
            return
        self.frames += 1
        self.pacer.arrived(self._loop.time(), len(pcm))
        self._put(self._reframer.push(pcm))

    def close(self) -> None:
        """Hear nothing more."""
        self._timer.cancel()

    def _tick(self) -> None:
        missing = self.pacer.tick(self._loop.time())
        if missing:
            self._put(self._reframer.flush())
            self._put([np.zeros(FRAME_SAMPLES, np.int16) for _ in range(missing)])
        self._timer = self._loop.call_at(self.pacer.due, self._tick)

    def _put(self, frames: list[Pcm]) -> None:
        for pcm in frames:
            self._inbox.put(Frame(pcm))
