"""The one timer of a phone: a beat every 20 ms on an absolute schedule, so that none drifts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ivr.lab.softphone.rtp import FRAME_S


class Metronome:
    """Calls `beat(now)` at start + n * 20 ms by the loop's clock.

    A beat that the loop was too busy for is made up at once: the number of beats always agrees
    with the time that has passed.
    """

    def __init__(self, beat: Callable[[float], None]) -> None:
        self._beat = beat
        self._loop = asyncio.get_running_loop()
        self._due_at = self._loop.time() + FRAME_S
        self._next = self._loop.call_at(self._due_at, self._on_time)
        self.latest_s = 0.0
        """How late the latest beat so far came, in seconds."""

    def stop(self) -> None:
        """Beat no more."""
        self._next.cancel()

    def _on_time(self) -> None:
        self.latest_s = max(self.latest_s, self._loop.time() - self._due_at)
        due_at, self._due_at = self._due_at, self._due_at + FRAME_S
        self._next = self._loop.call_at(self._due_at, self._on_time)
        self._beat(due_at)
