"""Watchlists: voices to warn of; who they are, nobody here knows."""

from __future__ import annotations

import asyncio
from datetime import datetime
from uuid import UUID

import msgspec

from engine.types import Reason, Voiceprint
from ivr.api.errors import ConflictError, NotFoundError
from ivr.api.operations import Operation, Uploads, Visit
from ivr.api.own import places
from ivr.api.own.values import ListName, PageQuery
from ivr.api.scopes import Scope
from ivr.offline import of_one_person, voiceprint
from ivr.storage import FIRST

PLACE = "page token of suspects"


class SuspectAnswer(msgspec.Struct, frozen=True):
    """A voice of a watchlist."""

    id: UUID
    watchlist: str
    created_at: datetime


class SuspectsAnswer(msgspec.Struct, frozen=True):
    """A page of suspects, of all watchlists."""

    suspects: tuple[SuspectAnswer, ...]
    next_page: str | None


class AddedAnswer(msgspec.Struct, frozen=True):
    """A voice that is watched for from now on; the recordings were not kept."""

    id: UUID


async def page(visit: Visit) -> SuspectsAnswer:
    """Return a page of suspects."""
    asked = visit.query(PageQuery)
    after = places.read(visit, PLACE, asked.page, UUID) if asked.page else FIRST
    found = await visit.office.browsing.suspects(visit.tenant, after, asked.limit)
    full = len(found) == asked.limit
    return SuspectsAnswer(
        tuple(SuspectAnswer(each.id, each.watchlist, each.created_at) for each in found),
        places.write(visit, PLACE, found[-1].id) if full else None,
    )


async def add(visit: Visit) -> AddedAnswer:
    """Watch for the voice of some recordings."""
    watchlist, files = visit.part("watchlist", ListName), visit.office.files
    recordings = await visit.recordings()
    made: list[Voiceprint | Reason] = []
    while (recording := await asyncio.to_thread(next, recordings, None)) is not None:
        made.append(await voiceprint(visit.tenant, recording, files))
    alike = await asyncio.to_thread(of_one_person, made, files.voice)
    usable = []
    for number, each in enumerate(alike, start=1):
        if not isinstance(each, Voiceprint):
            raise ConflictError(f"recording {number} cannot be used: {each}")
        usable.append(each)
    told = {"who": visit.program.who, "why": visit.why}
    added = await visit.office.watchlists.add_suspect(visit.tenant, watchlist, usable, **told)
    return AddedAnswer(added)


async def remove(visit: Visit) -> None:
    """Forget a voice."""
    suspect, told = visit.part("suspect", UUID), {"who": visit.program.who, "why": visit.why}
    if not await visit.office.watchlists.remove_suspect(visit.tenant, suspect, **told):
        raise NotFoundError("there is no such suspect")


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="list_suspects",
        method="GET",
        path="/suspects",
        scope=Scope.PROFILES_READ,
        perform=page,
        summary="List the voices of all watchlists, without the voice",
        query=PageQuery,
        gives=SuspectsAnswer,
    ),
    Operation(
        name="add_suspect",
        method="POST",
        path="/watchlists/{watchlist}/suspects",
        scope=Scope.GROUPS_WRITE,
        perform=add,
        summary="Watch for the voice of some recordings, from verification and enrollment on",
        status=201,
        uploads=Uploads.SEVERAL,
        gives=AddedAnswer,
        parts={"watchlist": ListName},
        refusals=(ConflictError,),
    ),
    Operation(
        name="remove_suspect",
        method="DELETE",
        path="/suspects/{suspect}",
        scope=Scope.GROUPS_WRITE,
        perform=remove,
        summary="Forget a voice, its key with it",
        status=204,
        parts={"suspect": UUID},
        refusals=(NotFoundError,),
    ),
)
