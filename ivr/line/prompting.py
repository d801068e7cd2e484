"""What Asterisk itself plays to a caller, one playback at a time."""

from __future__ import annotations

import asyncio

from ivr.line.leg import Leg
from ivr.line.underway import Underway


class Prompting:
    """The playback of one caller."""

    def __init__(self, leg: Leg, playback: str) -> None:
        """Take the caller's leg and the id of every playback; nothing is asked of Asterisk yet."""
        self.playing = False
        """Whether something plays that nobody has stopped."""
        self._leg = leg
        self._playback = playback
        self._underway = Underway()
        self._beginning = asyncio.Lock()

    async def begin(self, media: str) -> None:
        """Play ARI's media URIs, commas between; nothing may be playing. `PortError`."""
        await self._leg.through(self._begin(media))

    async def stop(self) -> None:
        """Stop what plays, if anything does, and wait for Asterisk to say so. `PortError`."""
        if self.playing:
            # At once: its end may be told before the request has gone.
            self.playing = False
            await self._leg.through(self._stop())

    def finished(self) -> bool:
        """Take note that nothing plays any more; say whether nobody had stopped it."""
        self._underway.end()
        by_itself, self.playing = self.playing, False
        return by_itself

    async def ended_unnoticed(self) -> bool:
        """Ask whether what plays has ended, which no event told. `AriError`."""
        # What has not begun yet would be taken for ended.
        async with self._beginning:
            return self.playing and await self._leg.ari.playbacks.get(self._playback) is None

    async def _begin(self, media: str) -> None:
        async with self._beginning:
            self.playing = True
            self._underway.begin()
            try:
                caller = self._leg.facts.id
                await self._leg.ari.channels.play(caller, media, playback=self._playback)
            except BaseException:
                self.finished()
                raise

    async def _stop(self) -> None:
        await self._leg.ari.playbacks.stop(self._playback)
        await self._underway.stopped()
