"""Which calls there are, and whose event it is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from ivr.ari.events import Event
from ivr.domain.call import CallId
from ivr.line.line_call import LineCall


class Roster:
    """The calls at present. A channel that left and came back has two for a moment."""

    def __init__(self) -> None:
        """Begin with none."""
        self._calls: dict[LineCall, asyncio.Task[None]] = {}
        self._routes: dict[str, list[LineCall]] = {}
        self._none = asyncio.Event()
        self._none.set()

    def __iter__(self) -> Iterator[LineCall]:
        return iter(tuple(self._calls))

    @property
    def ids(self) -> frozenset[CallId]:
        """The calls' ids."""
        return frozenset(call.facts.id for call in self._calls)

    def add(self, call: LineCall, task: asyncio.Task[None]) -> None:
        """Note a call and the task that serves it."""
        self._calls[call] = task
        self._none.clear()
        for route in call.routes:
            self._routes.setdefault(route, []).append(call)

    def remove(self, call: LineCall) -> None:
        """Forget a call."""
        self._calls.pop(call, None)
        for route in call.routes:
            remaining = [each for each in self._routes.get(route, ()) if each is not call]
            if remaining:
                self._routes[route] = remaining
            else:
                self._routes.pop(route, None)
        if not self._calls:
            self._none.set()

    def earlier(self, call: CallId) -> list[asyncio.Task[None]]:
        """Return the tasks that still serve the channel's earlier visit."""
        return [task for each, task in self._calls.items() if each.facts.id == call]

    def deliver(self, event: Event) -> None:
        """Give an event to the calls that it belongs to."""
        for call in tuple(self._routes.get(subject(event), ())):
            call.took(event)

    async def empty(self) -> None:
        """Wait until there is no call."""
        await self._none.wait()


def subject(event: Event) -> str:
    """Return the id of the channel, playback or recording that an event is about, or nothing."""
    for kind, key in (("playback", "id"), ("recording", "name"), ("channel", "id")):
        thing = getattr(event, kind, None)
        if thing is not None:
            return str(getattr(thing, key))
    return ""
