"""The caller's channel while its dialplan waits in `AGI()`: what can be told it, and its end."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar
from uuid import UUID

from ivr.agi.commands import Command, get_variable, set_variable
from ivr.agi.errors import AgiError
from ivr.agi.replies import Reply
from ivr.agi.session import AgiSession
from ivr.domain.call import CallFacts, CallState, step
from ivr.line.errors import ReleasedError
from ivr.line.inbox import Inbox
from ivr.line.leg import HANG_UP_GRACE_S, TAG, Watch, record_of, watch_nothing
from ivr.line.unless import told, unless
from ivr.ports import CallerHungUpError, CallLostError, PortError

Result = TypeVar("Result")

COMMAND_TIMEOUT_S = 8.0
"""As long as ARI has for a request; Asterisk answers within a millisecond where all is well."""
DECISIVE = ("COUNTERSIGN_VERDICT", "COUNTERSIGN_ENROLLMENT")
"""Set last: where we die halfway, the dialplan finds no verdict rather than half of one."""


class AgiLeg:
    """One caller's channel, until it hangs up, is released or Asterisk closes the connection."""

    def __init__(self, session: AgiSession, facts: CallFacts, watch: Watch = watch_nothing) -> None:
        """Take a session that has begun; an event loop must be running."""
        self.facts = facts
        self.inbox = Inbox()
        self.busy = False
        """True while Asterisk is in an application for us and takes no other command."""
        self._session = session
        self._watch = watch
        self._state = CallState.ARRIVED
        self._tag: UUID | None = None
        self._end: asyncio.Future[PortError] = asyncio.get_running_loop().create_future()
        self._following = asyncio.create_task(self._follow())

    @property
    def ended(self) -> bool:
        """Whether the caller is no longer with us."""
        return self._end.done()

    def check(self) -> None:
        """Raise how the leg ended, if it has."""
        if self._end.done():
            raise told(self._end.result())

    async def command(self, command: Command) -> Reply:
        """Give a command, unless the leg ends first; a channel that does not reply ends it.

        `PortError`.
        """
        try:
            async with asyncio.timeout(COMMAND_TIMEOUT_S):
                return await self.through(self._session.command(command))
        except TimeoutError:
            mute = f"no reply to the AGI command {command.name} within {COMMAND_TIMEOUT_S:g} s"
            self._finish(CallLostError(mute))
            raise told(self._end.result()) from None

    async def through(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Return the result of `work`, unless the leg ends first: then raise how it ended."""
        try:
            return await unless(self._end, work)
        except AgiError as error:
            await self.explained()
            self.check()
            raise CallLostError(str(error)) from error

    async def explained(self) -> None:
        """Give the news of a hang-up the moment that it is behind what the hang-up broke."""
        await asyncio.wait({self._end}, timeout=HANG_UP_GRACE_S)

    async def tag(self, record: UUID) -> None:
        """See `ivr.ports.Call.tag`; while audio flows the channel is told at the release."""
        self.check()
        self._tag = record
        if not self.busy:
            await self.command(set_variable(TAG, str(record)))

    async def tagged(self) -> UUID | None:
        """See `ivr.ports.Call.tagged`; while audio flows only what we wrote ourselves is known."""
        self.check()
        if self.busy or self._tag is not None:
            return self._tag
        return record_of((await self.command(get_variable(TAG))).value)

    async def note(self, state: CallState) -> None:
        """See `ivr.ports.Call.note`."""
        self._state = step(self._state, state)
        self._watch(self.facts, state)

    async def release(self, variables: Mapping[str, str]) -> None:
        """See `ivr.ports.Call.release`; no application may be running for us."""
        tag = {} if self._tag is None else {TAG: str(self._tag)}
        told = tag | dict(variables)
        for name in sorted(told, key=lambda name: name in DECISIVE):
            await self.command(set_variable(name, told[name]))
        self.check()
        self._finish(ReleasedError("the caller went on in the dialplan"))
        await self._session.close()

    async def close(self) -> None:
        """Give the caller back to the dialplan, as it is; idempotent."""
        self._finish(CallLostError("the call is over"))
        self._following.cancel()
        await asyncio.wait({self._following})
        await self._session.close()

    async def _follow(self) -> None:
        """Wait for the caller's end, or the connection's."""
        ends = [asyncio.create_task(each.wait()) for each in self._ends]
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in ends:
                each.cancel()
        if self._session.hung_up.is_set():
            self._finish(CallerHungUpError("the caller hung up"))
        self._finish(CallLostError("Asterisk closed the AGI connection"))

    @property
    def _ends(self) -> tuple[asyncio.Event, asyncio.Event]:
        return self._session.hung_up, self._session.closed

    def _finish(self, error: PortError) -> None:
        if not self._end.done():
            self._end.set_result(error)
            self.inbox.end(error)
