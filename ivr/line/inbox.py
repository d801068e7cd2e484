"""What the caller's side of the line brought and the flow has not asked for yet, in order."""

from __future__ import annotations

import asyncio
from collections import deque

from ivr.line.unless import told
from ivr.ports import Frame, Heard, Key, KeysMissed, PortError, PromptEnded

FRAMES_MAX = 3_000
"""A minute of audio. A flow that does not listen for so long has no use for what came first."""


class Inbox:
    """A queue of what was heard, with an end that overtakes what is queued.

    `dropped` counts the frames that were thrown away because nobody listened.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self.dropped = 0
        self._queue: deque[Heard] = deque()
        self._frames = 0
        self._end: PortError | None = None
        self._changed = asyncio.Event()

    def put(self, heard: Heard) -> None:
        """Add what was heard last."""
        self._queue.append(heard)
        if isinstance(heard, Frame):
            self._frames += 1
            if self._frames > FRAMES_MAX:
                self._drop_oldest_frame()
        self._changed.set()

    def end(self, error: PortError) -> None:
        """Let `get` raise `error` from now on; a later end changes nothing."""
        self._end = self._end or error
        self._changed.set()

    def forget_prompt_end(self) -> None:
        """Drop a `PromptEnded` nobody asked for: it would be taken for the next prompt's."""
        self._queue = deque(each for each in self._queue if not isinstance(each, PromptEnded))

    def forget_keys(self) -> None:
        """Drop the keys that were pressed and not heard yet, and that some were missed."""
        keys = (Key, KeysMissed)
        self._queue = deque(each for each in self._queue if not isinstance(each, keys))

    def forget_frames(self) -> None:
        """Drop the audio that was not heard yet; nobody wanted it, so none of it is `dropped`."""
        self._queue = deque(each for each in self._queue if not isinstance(each, Frame))
        self._frames = 0

    @property
    def empty(self) -> bool:
        """Whether `get` would have to wait."""
        return not self._queue and self._end is None

    async def get(self) -> Heard:
        """Return what comes next; raise the end at once, whatever is still queued."""
        while self.empty:
            self._changed.clear()
            await self._changed.wait()
        if self._end is not None:
            raise told(self._end)
        heard = self._queue.popleft()
        self._frames -= isinstance(heard, Frame)
        return heard

    def _drop_oldest_frame(self) -> None:
        for heard in self._queue:
            if isinstance(heard, Frame):
                self._queue.remove(heard)
                break
        self._frames -= 1
        self.dropped += 1
