"""Verifications that a process before us began and never ended, and whose callers are gone."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

import structlog

from ivr.ari.client import AriClient
from ivr.ari.errors import AriError
from ivr.domain.verification import Opening
from ivr.flows.services import Services
from ivr.flows.verification_call import close_abandoned
from ivr.ports import StoreUnavailableError

LOOK_AGAIN_S = 5.0
"""A caller who was still there is looked for again after this: adoption takes a second at most."""

log = structlog.get_logger()


async def end_abandoned(openings: Collection[Opening], ari: AriClient, services: Services) -> None:
    """Close each verification once its caller is gone; those still there are being adopted."""
    waiting = list(openings)
    while waiting:
        waiting = [each for each in waiting if not await _ended(each, ari, services)]
        await asyncio.sleep(LOOK_AGAIN_S if waiting else 0)


async def _ended(opening: Opening, ari: AriClient, services: Services) -> bool:
    """Say whether this verification has its verdict, writing it where nobody else will."""
    try:
        if await _being_adopted(opening, ari):
            return await services.store.verdict(opening.id) is not None
    except (AriError, StoreUnavailableError) as error:
        log.warning("abandoned_not_looked_at", why=str(error))
        return False
    # The caller is gone, or was only overheard and has long gone on in the dialplan.
    closed = await close_abandoned(opening, services)
    log.warning("verification_abandoned", call=opening.call, verification=str(closed.opening.id))
    return True


async def _being_adopted(opening: Opening, ari: AriClient) -> bool:
    """Say whether the caller waits for us, so that the switchboard ends the call."""
    channels = {channel.id: channel for channel in await ari.channels.list()}
    caller = channels.get(opening.call)
    if caller is None:
        return False
    return caller.dialplan is None or caller.dialplan.waits_for(ari.address.app)
