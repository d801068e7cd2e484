"""A call that a process before us left in the middle: all that can be done is to end it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import NoReturn
from uuid import UUID

from ivr.ari.events import Event
from ivr.domain.call import CallFacts, CallState
from ivr.domain.prompt import Spoken
from ivr.line.leg import Leg
from ivr.line.names import RECORDINGS, Kind, Names
from ivr.line.shared import anew
from ivr.line.tidying import tidied
from ivr.ports import CallLostError, Heard


class AdoptedCall:
    """`ivr.ports.Call` that can be tagged, noted and released; the rest raises `CallLostError`."""

    def __init__(self, leg: Leg, names: Names) -> None:
        """Take the caller's leg."""
        self.leg = leg
        self._names = names
        self._closing: asyncio.Task[None] | None = None

    @property
    def facts(self) -> CallFacts:
        """See `ivr.ports.Call.facts`."""
        return self.leg.facts

    @property
    def routes(self) -> tuple[str, ...]:
        """The caller's channel."""
        return (self.leg.facts.id,)

    def took(self, event: Event) -> None:
        """Take the caller's end into account."""
        self.leg.took(event)

    def keys_missed(self) -> None:
        """See `LineCall.keys_missed`; nobody asks for any."""

    async def answer(self) -> None:
        """Raise `CallLostError`."""
        _lost()

    async def play(self, prompts: Sequence[Spoken]) -> None:
        """Raise `CallLostError`."""
        _lost()

    async def hush(self) -> None:
        """Raise `CallLostError`."""
        _lost()

    async def heard(self) -> Heard:
        """Raise `CallLostError`."""
        _lost()

    def forget_keys(self) -> None:
        """See `ivr.ports.Call.forget_keys`; there are none."""

    def forget_frames(self) -> None:
        """See `ivr.ports.Call.forget_frames`; there are none."""

    async def tag(self, record: UUID) -> None:
        """See `ivr.ports.Call.tag`."""
        await self.leg.tag(record)

    async def tagged(self) -> UUID | None:
        """See `ivr.ports.Call.tagged`."""
        return await self.leg.tagged()

    async def note(self, state: CallState) -> None:
        """See `ivr.ports.Call.note`."""
        await self.leg.note(state)

    async def release(self, variables: Mapping[str, str]) -> None:
        """See `ivr.ports.Call.release`; what the other process let play or record is stopped.

        A passive call's variables are shared ones here too: the dialplan looks nowhere else.
        """
        await self.leg.through(self._quieten())
        passive = self.facts.request.purpose.passive
        await self.leg.release(anew(self.facts.id, variables) if passive else variables)

    async def close(self) -> None:
        """See `LineCall.close`."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._dismantle())
        await asyncio.shield(self._closing)

    async def _quieten(self) -> None:
        ari, call = self.leg.ari, self.leg.facts.id
        await tidied(
            ari.playbacks.stop(self._names.of(Kind.PLAYBACK, call)),
            *(ari.recordings.discard(self._names.of(kind, call)) for kind in RECORDINGS),
        )

    async def _dismantle(self) -> None:
        if self.leg.abandoned:
            return
        ari, call = self.leg.ari, self.leg.facts.id
        await tidied(
            *(ari.recordings.delete(self._names.of(kind, call)) for kind in RECORDINGS),
            ari.channels.hangup(self._names.of(Kind.MEDIA, call)),
            ari.bridges.destroy(self._names.of(Kind.BRIDGE, call)),
        )


def _lost() -> NoReturn:
    raise CallLostError("this call's conversation was lost with the process that held it")
