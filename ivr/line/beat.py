"""Sends the caller a frame every 20 ms: what the mouth says, or silence."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from engine.types import Pcm
from ivr.media.mouth import Mouth
from ivr.media.reframer import FRAME_MS

FRAME_S = FRAME_MS / 1000
LATE_S = 0.1
"""So much is caught up with in a burst; after a longer pause of ours the prompt goes on later."""


class Beat:
    """Asks the mouth for its next frame when that is due.

    AudioSocket has no queue at Asterisk's side: what is sent is heard at once. Silence is sent too,
    for Asterisk ends an AudioSocket in which nothing moves for two seconds, and firewalls and
    telephones want to see packets.
    """

    def __init__(
        self, mouth: Mouth, send: Callable[[Pcm], None], prompt_ended: Callable[[], None]
    ) -> None:
        """Begin now; an event loop must be running."""
        self._mouth = mouth
        self._send = send
        self._prompt_ended = prompt_ended
        self._loop = asyncio.get_running_loop()
        self._due = self._loop.time()
        self._timer = self._loop.call_at(self._due, self._tick)

    def close(self) -> None:
        """Send nothing more."""
        self._timer.cancel()

    def _tick(self) -> None:
        pcm, ended = self._mouth.frame()
        if ended:
            self._prompt_ended()
        self._send(pcm)
        self._due = max(self._due, self._loop.time() - LATE_S) + FRAME_S
        self._timer = self._loop.call_at(self._due, self._tick)
