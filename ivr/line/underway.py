"""What Asterisk does for a caller until an event tells that it has stopped."""

from __future__ import annotations

import asyncio

import structlog

STOP_TIMEOUT_S = 1.0
"""Asterisk says within milliseconds that a playback or a recording has stopped."""

log = structlog.get_logger()


class Underway:
    """Whether a playback or a recording is underway: from the request until the event."""

    def __init__(self) -> None:
        """Nothing has been asked for."""
        self._stopped = asyncio.Event()
        self._stopped.set()

    @property
    def over(self) -> bool:
        """Whether it has stopped, or never began."""
        return self._stopped.is_set()

    def begin(self) -> None:
        """Take note that it is asked for."""
        self._stopped.clear()

    def end(self) -> None:
        """Take note that it has stopped."""
        self._stopped.set()

    async def stopped(self) -> None:
        """Wait for the stop, but not for ever: what follows must be tried in any case."""
        try:
            async with asyncio.timeout(STOP_TIMEOUT_S):
                await self._stopped.wait()
        except TimeoutError:
            log.warning("stop_not_confirmed", after_s=STOP_TIMEOUT_S)
