"""Callers after we are done with them: who answers them in the dialplan, and when they hang up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import Protocol

import structlog

from ivr.ari.errors import AriError
from ivr.ari.events import ChannelDestroyed, Dial, Event
from ivr.domain.call import CallFacts, CallId, TenantId
from ivr.line.agents import agents_named

log = structlog.get_logger()

Subscribe = Callable[[CallId], Awaitable[None]]
"""Lets our application hear of a channel that is not in it; `AriError`."""


class Onlooker(Protocol):
    """Who wants to know. Nothing of it raises or keeps anybody waiting."""

    def offered(self, facts: CallFacts, agents: tuple[str, ...]) -> None:
        """A caller is with an agent, or the dialplan says to whom he will go: by these names.

        `facts` are of his last visit to us.
        """
        ...

    def left(self, facts: CallFacts) -> None:
        """A caller has hung up; each tenant whom he came to us for is told."""
        ...


class Following:
    """The callers of this process, from their arrival until they hang up.

    Asterisk tells an application of a channel that has left it only where it has subscribed to the
    channel: before it leaves, so that nothing is missed, and until it is gone.
    """

    def __init__(self, subscribe: Subscribe, onlooker: Onlooker | None) -> None:
        """Without an onlooker nobody is followed, and it costs nothing."""
        self._subscribe = subscribe
        self._onlooker = onlooker
        self._followed: dict[CallId, dict[TenantId, CallFacts]] = {}
        """By whom a caller came to us, the latest last."""

    @property
    def calls(self) -> frozenset[CallId]:
        """Who is followed."""
        return frozenset(self._followed)

    async def begin(self, facts: CallFacts) -> None:
        """Follow a caller; where that cannot be, nobody is told of him, and the call goes on."""
        if self._onlooker is None:
            return
        anew = facts.id not in self._followed
        visits = self._followed.setdefault(facts.id, {})
        visits.pop(facts.request.tenant, None)
        visits[facts.request.tenant] = facts
        if anew:
            # Noted first: the caller's end may be told before the subscription is confirmed.
            await self._begin(facts.id)

    async def _begin(self, call: CallId) -> None:
        try:
            await self._subscribe(call)
        except AriError as error:
            log.info("caller_not_followed", call=call, why=str(error))
            self._followed.pop(call, None)

    def took(self, event: Event) -> None:
        """Take an event into account, whosever it is."""
        call = _caller(event)
        if call not in self._followed or self._onlooker is None:
            return
        if isinstance(event, ChannelDestroyed):
            self._leaves(call)
        elif agents := agents_named(event):
            log.info("call_offered", call=call)
            *_, latest = self._followed[call].values()
            self._onlooker.offered(latest, agents)

    def keep(self, present: Collection[str]) -> None:
        """Follow only who is still there: what happened while the line was cut is not told."""
        for call in self._followed.keys() - present:
            self._leaves(call)

    def _leaves(self, call: CallId) -> None:
        assert self._onlooker is not None, "nobody is followed without"
        for facts in self._followed.pop(call).values():
            self._onlooker.left(facts)


def _caller(event: Event) -> CallId:
    channel = event.caller if isinstance(event, Dial) else getattr(event, "channel", None)
    return CallId("" if channel is None else channel.id)


def following_nobody() -> Following:
    """Return what follows no caller."""

    async def nothing(_: CallId) -> None:
        """Subscribe to nothing."""

    return Following(nothing, None)
