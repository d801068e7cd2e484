"""After a start, a crash or a dropped line: what Asterisk has, compared with what we know."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from http import HTTPStatus

import structlog

from ivr.ari.backoff import Backoff, full_jitter
from ivr.ari.client import AriClient
from ivr.ari.errors import AriError, AriRequestError
from ivr.ari.model import Channel
from ivr.domain.call import CallId
from ivr.line.following import Following
from ivr.line.names import Kind, Names
from ivr.line.overheard import Overheard, overheard
from ivr.line.passive_call import PassiveCall
from ivr.line.recorded_call import RecordedCall
from ivr.line.roster import Roster
from ivr.line.sweep import sweep

ADOPTION_GRACE_S = 0.5
"""A channel found in our application may be a new call whose StasisStart is still on its way."""
TRIES = 8
"""How often Asterisk is asked before it is left alone for a while, some 8 s in all: calls that are
gone then end by their own limits."""
LATER_S = 60.0
"""After so long it is asked again: a caller may wait for us, in silence."""
NOW_AND_THEN_S = 3600.0
"""At the latest after so long, for a line may hold for a year: what could not be removed is then,
recordings of callers among it."""

log = structlog.get_logger()

Adopt = Callable[[Channel | Overheard], None]
"""Begins to end the call of a caller who waits for a process that is no more, or was overheard."""


class Settling:
    """Settles one application, never twice at once: `run` does it whenever that is wanted."""

    def __init__(
        self,
        ari: AriClient,
        names: Names,
        roster: Roster,
        following: Following,
        adopt: Adopt,
        backoff: Backoff = full_jitter,
    ) -> None:
        """Take what is compared; `backoff`: how long to wait before Asterisk is asked again."""
        self._ari = ari
        self._names = names
        self._roster = roster
        self._following = following
        self._adopt = adopt
        self._backoff = backoff
        self._wanted = asyncio.Event()
        self._repeats = 0

    def begin(self) -> None:
        """Settle now, since Asterisk is connected."""
        self._repeats = 0
        self._wanted.set()

    def repeat(self) -> None:
        """Settle once more in a while: somebody waits whom nothing could be done for."""
        self._want_in(self._backoff(self._repeats))
        self._repeats += 1

    async def run(self) -> None:
        """Settle whenever it is wanted, and now and then on a line that holds, until cancelled."""
        while True:
            wanted = await self._wanted_within(NOW_AND_THEN_S)
            self._wanted.clear()
            if wanted or self._ari.connected:
                await self.settle()

    async def settle(self) -> None:
        """End calls that are gone, adopt callers that nobody conducts, remove what nobody uses.

        Calls that Asterisk plays to and records learn what has ended meanwhile, and those that are
        overheard whether they are to stop. Where Asterisk does not answer, or refuses, it is asked
        again, and after `TRIES` of that by `run`, later.
        """
        for tries in range(TRIES):
            if tries and await self._wanted_within(self._backoff(tries - 1)):
                return
            try:
                await self._settled()
            except AriError as error:
                log.warning("not_settled", why=str(error), tries=tries + 1, of=TRIES)
            else:
                return
        self._want_in(LATER_S)

    def _want_in(self, wait_s: float) -> None:
        asyncio.get_running_loop().call_later(wait_s, self._wanted.set)

    async def _wanted_within(self, wait_s: float) -> bool:
        """Wait so long, unless it is to be begun anew: then say so at once."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._wanted.wait()
        return self._wanted.is_set()

    async def _settled(self) -> None:
        strays = await self._compare()
        self._repeats = self._repeats if strays else 0
        await self._catch_up()
        await asyncio.sleep(ADOPTION_GRACE_S if strays else 0)
        for stray in sorted(strays):
            await self._adopt_stray(stray)
        await sweep(self._ari, self._names, lambda: self._roster.ids)

    async def _compare(self) -> set[CallId]:
        """Hang up our calls that are gone; return the callers that nobody conducts."""
        known = {call.facts.id: call for call in self._roster}
        followed = self._following.calls
        present = await self._present()
        # Whoever has come since is not among them.
        arrived = self._following.calls - followed
        for call_id, call in known.items():
            if call_id not in present:
                call.leg.hung_up()
        self._following.keep(present.keys() | arrived)
        strays = present.keys() - known.keys()
        return {
            CallId(each) for each in strays if self._is_left(each) or self._is_caller(present[each])
        }

    async def _catch_up(self) -> None:
        """Let the calls ask for what no event told them: the others hear of all by their media."""
        for call in self._roster:
            if isinstance(call, RecordedCall | PassiveCall):
                await call.catch_up()

    async def _present(self) -> dict[str, Channel]:
        """Return the channels in our application: the application's list can outlive a channel."""
        application = await self._ari.applications.get(self._ari.address.app)
        listed = application.channel_ids if application else ()
        return {each.id: each for each in await self._ari.channels.list() if each.id in listed}

    def _is_caller(self, channel: Channel) -> bool:
        return not self._names.is_media(channel.id) and not self._only_followed(channel)

    def _is_left(self, channel: str) -> bool:
        """Say whether it is a snoop channel of ours whose call nobody conducts."""
        in_use = {self._names.of(Kind.SNOOP, call) for call in self._roster.ids}
        return self._names.is_ours(Kind.SNOOP, channel) and channel not in in_use

    async def _adopt_overheard(self, snoop: str) -> None:
        try:
            found = await overheard(self._ari.channels, snoop)
        except AriError as error:
            # It goes with its caller; else it is swept away, and the dialplan hears of nothing.
            log.warning("stray_not_asked_for", call=snoop, why=str(error))
            return
        if found is None or found.caller.id in self._roster.ids:
            return
        # Who came to us again waits to be sent on, and is adopted himself.
        if not self._waits_for_us(found.caller):
            self._adopt(found)

    async def _adopt_stray(self, call_id: CallId) -> None:
        if self._names.is_ours(Kind.SNOOP, call_id):
            await self._adopt_overheard(call_id)
            return
        if call_id in self._roster.ids:
            return
        try:
            channel = await self._ari.channels.get(call_id)
        except AriError as error:
            log.warning("stray_not_asked_for", call=call_id, why=str(error))
            if not _gone(error):
                self.repeat()
            return
        if self._waits_for_us(channel):
            self._adopt(channel)
        elif not self._only_followed(channel):
            # Overheard or followed by a process before us: its caller waits for nothing of ours.
            await self._ari.applications.unsubscribe(self._ari.address.app, call_id)

    def _only_followed(self, channel: Channel) -> bool:
        """Say whether a caller has gone on in the dialplan, and is listed because we follow him."""
        return channel.id in self._following.calls and not self._waits_for_us(channel)

    def _waits_for_us(self, channel: Channel) -> bool:
        where = channel.dialplan
        return where is None or where.waits_for(self._ari.address.app)


def _gone(error: AriError) -> bool:
    return isinstance(error, AriRequestError) and error.status == HTTPStatus.NOT_FOUND
