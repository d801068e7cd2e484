"""Removes what a process before us made in Asterisk and left behind."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import structlog

from ivr.ari.client import AriClient
from ivr.domain.call import CallId
from ivr.line.names import RECORDINGS, Kind, Names
from ivr.line.tidying import tidied

log = structlog.get_logger()


async def sweep(ari: AriClient, names: Names, calls: Callable[[], Iterable[CallId]]) -> None:
    """Remove channels, bridges and recordings that we made and that belong to none of `calls()`.

    The calls are asked for once the lists are there: one that arrives meanwhile is among them.
    Raises an `AriError` where Asterisk cannot be asked what there is.
    """
    channels = [channel.id for channel in await ari.channels.list()]
    bridges = [bridge.id for bridge in await ari.bridges.list()]
    recordings = await ari.recordings.stored()
    in_use = {name for call in calls() for name in names.all_of(call)}
    orphans = {
        Kind.MEDIA: _orphans(names, Kind.MEDIA, channels, in_use),
        Kind.SNOOP: _orphans(names, Kind.SNOOP, channels, in_use),
        Kind.BRIDGE: _orphans(names, Kind.BRIDGE, bridges, in_use),
        **{kind: _orphans(names, kind, recordings, in_use) for kind in RECORDINGS},
    }
    await tidied(
        *(ari.channels.hangup(each) for each in orphans[Kind.MEDIA] + orphans[Kind.SNOOP]),
        *(ari.bridges.destroy(each) for each in orphans[Kind.BRIDGE]),
        *(ari.recordings.delete(each) for kind in RECORDINGS for each in orphans[kind]),
    )
    if any(orphans.values()):
        log.warning("orphans_swept", **{kind.value: len(found) for kind, found in orphans.items()})


def _orphans(names: Names, kind: Kind, found: Iterable[str], in_use: set[str]) -> list[str]:
    return [each for each in found if names.is_ours(kind, each) and each not in in_use]
