"""How one call is heard over a media socket: from the first frame to the end, which comes once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import structlog

from ivr.domain.call import CallId
from ivr.domain.metering import FrameCounts
from ivr.line.ear import Ear
from ivr.line.inbox import Inbox
from ivr.line.leg import Leg
from ivr.media.codec import Codec
from ivr.media.socket import MediaSocket

CONNECTION_ID = "MEDIA_WEBSOCKET_CONNECTION_ID"
"""A chan_websocket channel's variable, by which its socket is joined."""

Carried = Callable[[FrameCounts], None]
"""Told what became of a call's audio; must not block."""

Listen = Callable[[MediaSocket, Ear], Coroutine[Any, Any, None]]
Remove = Callable[[], Coroutine[Any, Any, None]]

log = structlog.get_logger()


def count_nothing(frames: FrameCounts) -> None:
    """Tell nobody."""


class Hearing:
    """A call's socket, its ear, and the work that brings what comes from one to the other.

    At its end what the call cost is logged, once: frames, silence filled in, frames lost.
    """

    def __init__(self, leg: Leg, carried: Carried) -> None:
        """Take the caller's leg; nothing is heard yet."""
        self.socket: MediaSocket | None = None
        """Once there is one; set by whoever connects it, to be closed here."""
        self._leg = leg
        self._carried = carried
        self._ear: Ear | None = None
        self._listening: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None

    def begin(self, socket: MediaSocket, codec: Codec, listen: Listen) -> None:
        """Hear from now on: `listen` runs until it ends by itself or all of this does."""
        self._ear = Ear(codec, self._leg.inbox)
        self._listening = asyncio.create_task(listen(socket, self._ear))

    def begin_to_end(self, remove: Remove) -> asyncio.Task[None]:
        """Hear nothing more, and then remove what was made in Asterisk, unless that is another's.

        Whoever asks first has it done; all get the task that does it, to be shielded.
        """
        if self._closing is None:
            self._closing = asyncio.create_task(self._end(remove))
        return self._closing

    async def _end(self, remove: Remove) -> None:
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.wait({self._listening})
        if self._ear is not None:
            self._ear.close()
            self._carried(cost_of(self._leg.facts.id, self._leg.inbox, self._ear))
        if self.socket is not None:
            await self.socket.close()
        if not self._leg.abandoned:
            await remove()


def cost_of(call: CallId, inbox: Inbox, ear: Ear) -> FrameCounts:
    """Log what a call's audio came to, and return it."""
    log.info(
        "media_ended",
        call=call,
        frames=ear.frames,
        gaps=ear.pacer.gaps,
        silence_frames=ear.pacer.inserted,
        refused_frames=ear.refused,
        unheard_frames=inbox.dropped,
    )
    return FrameCounts(ear.frames, ear.pacer.inserted, ear.refused, inbox.dropped)
