"""The caller's channel in our Stasis application: what every way of hearing the caller shares."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar
from uuid import UUID

from ivr.ari.client import AriClient
from ivr.ari.errors import AriError, AriRequestError
from ivr.ari.events import ChannelDestroyed, ChannelHangupRequest, Event, StasisEnd
from ivr.domain.call import CallFacts, CallState, step
from ivr.line.errors import ReleasedError
from ivr.line.inbox import Inbox
from ivr.line.unless import told, unless
from ivr.ports import CallerHungUpError, CallLostError, PortError

Result = TypeVar("Result")

Watch = Callable[[CallFacts, CallState], None]
"""Told where each conversation is; must not block."""

TAG = "COUNTERSIGN_ID"

HANG_UP_GRACE_S = 0.2
"""A refused request and the event that explains it cross within a few milliseconds."""


def record_of(tag: str | None) -> UUID | None:
    """Return the record that a channel is tagged with; None as well for what is no UUID."""
    try:
        return UUID(tag) if tag else None
    except ValueError:
        return None


def watch_nothing(facts: CallFacts, state: CallState) -> None:
    """Tell nobody."""


class Leg:
    """One caller's channel, until it hangs up, is released or is taken from us.

    `through` is how everything that waits is waited for: the end of the leg interrupts it at once.
    """

    def __init__(self, ari: AriClient, facts: CallFacts, watch: Watch = watch_nothing) -> None:
        """Take a channel that is in our application; an event loop must be running."""
        self.ari = ari
        self.facts = facts
        self.inbox = Inbox()
        self.abandoned = False
        """True once another process conducts the call: nothing of it may be touched any more."""
        self._watch = watch
        self._leaving = False
        self._state = CallState.ARRIVED
        self._end: asyncio.Future[PortError] = asyncio.get_running_loop().create_future()

    @property
    def state(self) -> CallState:
        """Where the conversation is, by what was noted last."""
        return self._state

    @property
    def ended(self) -> bool:
        """Whether the caller is no longer with us."""
        return self._end.done()

    def took(self, event: Event) -> None:
        """Take an event of the caller's channel into account."""
        match event:
            case ChannelHangupRequest(channel=channel) | ChannelDestroyed(channel=channel):
                gone = channel.id == self.facts.id
            case StasisEnd(channel=channel):
                gone = channel.id == self.facts.id and not self._leaving
            case _:
                gone = False
        if gone:
            self.hung_up()

    def hung_up(self) -> None:
        """The caller is gone."""
        self._finish(CallerHungUpError("the caller hung up"))

    def abandon(self, reason: str) -> None:
        """Another process has the call from here on, or nobody: touch nothing of it any more."""
        self.abandoned = True
        self._finish(CallLostError(reason))

    def check(self) -> None:
        """Raise how the leg ended, if it has."""
        if self._end.done():
            raise told(self._end.result())

    async def through(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Return the result of `work`, unless the leg ends first: then raise how it ended."""
        try:
            return await unless(self._end, work)
        except AriError as error:
            raise await self._explained(error) from error

    async def tag(self, record: UUID) -> None:
        """See `ivr.ports.Call.tag`."""
        await self.through(self.ari.channels.set_variables(self.facts.id, {TAG: str(record)}))

    async def tagged(self) -> UUID | None:
        """See `ivr.ports.Call.tagged`."""
        return record_of(await self.through(self.ari.channels.get_variable(self.facts.id, TAG)))

    async def note(self, state: CallState) -> None:
        """See `ivr.ports.Call.note`."""
        self._state = step(self._state, state)
        self._watch(self.facts, state)

    async def release(self, variables: Mapping[str, str]) -> None:
        """See `ivr.ports.Call.release`; nothing may be playing or recording."""
        await self.through(self._release(variables))

    async def _release(self, variables: Mapping[str, str]) -> None:
        if variables:
            await self.ari.channels.set_variables(self.facts.id, variables)
        await self._go_on()
        self.leave()

    async def let_go(self) -> None:
        """Send the caller on in the dialplan and stay: the leg lasts until the caller hangs up."""
        await self.through(self._go_on())

    def leave(self) -> None:
        """Have no more to do with a caller who has gone on."""
        self._finish(ReleasedError("the caller went on in the dialplan"))

    async def _go_on(self) -> None:
        self._leaving = True
        try:
            await self.ari.channels.continue_in_dialplan(self.facts.id)
        except BaseException:
            self._leaving = False
            raise

    async def _explained(self, error: AriError) -> PortError:
        """Tell a caller who hung up from an Asterisk that fails."""
        if isinstance(error, AriRequestError):
            await asyncio.wait({self._end}, timeout=HANG_UP_GRACE_S)
        return self._end_error() or CallLostError(str(error))

    def _end_error(self) -> PortError | None:
        return told(self._end.result()) if self._end.done() else None

    def _finish(self, error: PortError) -> None:
        if not self._end.done():
            self._end.set_result(error)
            self.inbox.end(error)
