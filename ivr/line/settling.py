"""After a start, a crash or a dropped line: what Asterisk has, compared with what we know."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from ivr.ari.client import AriClient
from ivr.ari.errors import AriError
from ivr.ari.model import Channel
from ivr.domain.call import CallId
from ivr.line.following import Following
from ivr.line.names import Names
from ivr.line.roster import Roster
from ivr.line.sweep import sweep

ADOPTION_GRACE_S = 0.5
"""A channel found in our application may be a new call whose StasisStart is still on its way."""

log = structlog.get_logger()

Adopt = Callable[[Channel], None]
"""Begins to end the call of a caller who waits for a process that is no more."""


class Settling:
    """Settles one application, never twice at once."""

    def __init__(
        self, ari: AriClient, names: Names, roster: Roster, following: Following, adopt: Adopt
    ) -> None:
        self._ari = ari
        self._names = names
        self._roster = roster
        self._following = following
        self._adopt = adopt
        self._one_at_a_time = asyncio.Lock()

    async def settle(self) -> None:
        """End calls that are gone, adopt callers that nobody conducts, remove what nobody uses."""
        async with self._one_at_a_time:
            try:
                strays = await self._compare()
                await asyncio.sleep(ADOPTION_GRACE_S if strays else 0)
                for stray in sorted(strays):
                    await self._adopt_stray(stray)
                await sweep(self._ari, self._names, lambda: self._roster.ids)
            except AriError as error:
                log.warning("not_settled", why=str(error))

    async def _compare(self) -> set[CallId]:
        """Hang up our calls that are gone; return the callers that nobody conducts."""
        known = {call.facts.id: call for call in self._roster}
        application = await self._ari.applications.get(self._ari.address.app)
        present = set(application.channel_ids) if application else set()
        for call_id, call in known.items():
            if call_id not in present:
                call.leg.hung_up()
        self._following.keep(present)
        strays = present - known.keys() - self._following.calls
        return {CallId(each) for each in strays if not self._names.is_media(each)}

    async def _adopt_stray(self, call_id: CallId) -> None:
        if call_id in self._roster.ids:
            return
        try:
            channel = await self._ari.channels.get(call_id)
        except AriError as error:
            log.warning("stray_not_asked_for", call=call_id, why=str(error))
            return
        if channel.dialplan is not None and not channel.dialplan.waits_for_us:
            # Overheard or followed by a process before us: its caller waits for nothing of ours.
            await self._ari.applications.unsubscribe(self._ari.address.app, call_id)
            return
        self._adopt(channel)
