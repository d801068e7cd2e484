"""Callers after we are done with them: who answers them in the dialplan, and when they hang up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import Protocol

import structlog

from ivr.ari.errors import AriError
from ivr.ari.events import ChannelDestroyed, Dial, Event
from ivr.domain.call import CallFacts, CallId
from ivr.line.agents import agents_named

log = structlog.get_logger()

Subscribe = Callable[[CallId], Awaitable[None]]
"""Lets our application hear of a channel that is not in it; `AriError`."""


class Onlooker(Protocol):
    """Who wants to know. Nothing of it raises or keeps anybody waiting."""

    def offered(self, facts: CallFacts, agents: tuple[str, ...]) -> None:
        """A caller is with an agent, or the dialplan says to whom he will go: by these names."""
        ...

    def left(self, facts: CallFacts) -> None:
        """A caller has hung up."""
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
        self._followed: dict[CallId, CallFacts] = {}

    @property
    def calls(self) -> frozenset[CallId]:
        """Who is followed."""
        return frozenset(self._followed)

    async def begin(self, facts: CallFacts) -> None:
        """Follow a caller; where that cannot be, nobody is told of him, and the call goes on."""
        if self._onlooker is None or facts.id in self._followed:
            return
        try:
            await self._subscribe(facts.id)
        except AriError as error:
            log.info("caller_not_followed", call=facts.id, why=str(error))
            return
        self._followed[facts.id] = facts

    def took(self, event: Event) -> None:
        """Take an event into account, whosever it is."""
        facts = self._followed.get(_caller(event))
        if facts is None or self._onlooker is None:
            return
        if isinstance(event, ChannelDestroyed):
            self._leaves(facts)
        elif agents := agents_named(event):
            log.info("call_offered", call=facts.id)
            self._onlooker.offered(facts, agents)

    def keep(self, present: Collection[str]) -> None:
        """Follow only who is still there: what happened while the line was cut is not told."""
        for facts in [each for each in self._followed.values() if each.id not in present]:
            self._leaves(facts)

    def _leaves(self, facts: CallFacts) -> None:
        del self._followed[facts.id]
        assert self._onlooker is not None, "nobody is followed without"
        self._onlooker.left(facts)


def _caller(event: Event) -> CallId:
    channel = event.caller if isinstance(event, Dial) else getattr(event, "channel", None)
    return CallId("" if channel is None else channel.id)


def following_nobody() -> Following:
    """Return what follows no caller."""

    async def nothing(_: CallId) -> None:
        """Subscribe to nothing."""

    return Following(nothing, None)
