"""Channels that we asked for: which of them have come to our application."""

from __future__ import annotations

import asyncio

from ivr.ports import CallLostError

START_TIMEOUT_S = 2.0
"""Asterisk says nothing of a media channel that nobody joins; it takes 3 ms where all is well."""


class Starts:
    """The channels of one call whose StasisStart has come."""

    def __init__(self) -> None:
        """Begin with none."""
        self._started: set[str] = set()
        self._changed = asyncio.Event()

    def note(self, channel: str) -> None:
        """Take note of a StasisStart."""
        self._started.add(channel)
        self._changed.set()

    async def wait(self, channel: str) -> None:
        """Wait until the channel has come; `CallLostError` where it does not in time."""
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                while channel not in self._started:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise CallLostError(
                f"the media channel did not start within {START_TIMEOUT_S:g} s"
            ) from None
