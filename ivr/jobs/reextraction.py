"""Move profiles to another voice model: a job a profile, by whoever has that model."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Self
from uuid import UUID

import structlog

from engine import SpeakerEngine
from engine.errors import EngineError
from engine.types import Embedding, ModelId
from ivr.domain.call import TenantId
from ivr.domain.profile import ProfileId
from ivr.jobs.queue import Queue, Ticket
from ivr.offline.hearing import heard_again
from ivr.storage import Database, Keyring, SealBrokenError, tenants
from ivr.storage.reextraction import (
    Material,
    keep_beside,
    newest_model,
    next_material,
    note_model,
    note_unreadable,
    stale,
    switch,
)
from ivr.words import Words

LOOK_AGAIN = "*/10 * * * *"
"""What was lost on the way is found after ten minutes at the latest."""

Embed = Callable[[Material], Embedding]
"""From a recording that an enrollment kept to its voice; it blocks, and runs in a thread."""

log = structlog.get_logger()


def embedding_with(engine: SpeakerEngine, words: Words) -> Embed:
    """Return how this engine hears a recording; the passphrase has parts where words find them."""

    def embed(material: Material) -> Embedding:
        utterance = heard_again(material.pcm, words=material.phrase is not None).utterance
        found = words.recognised(utterance, material.locale, material.phrase)
        return engine.embed(utterance, found.parts)

    return embed


class Reextraction:
    """The duty (`ivr.jobs.Duty`) of a worker that has the voice model `model`.

    Its jobs bear the model in their name: only workers that have it take them.
    """

    when = LOOK_AGAIN
    eager = True

    def __init__(self, database: Database, keyring: Keyring, model: ModelId, embed: Embed) -> None:
        self._database = database
        self._keyring = keyring
        self._model = model
        self._embed = embed
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="re-extraction")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self._thread.shutdown)

    @property
    def name(self) -> str:
        """Return what the jobs are called in the queue."""
        return f"reextract {self._model}"

    async def able(self) -> bool:
        """Return True: the model is there as long as the worker."""
        return True

    async def look(self, queue: Queue) -> None:
        """Ask for every profile that this model has not done, if this model is the newest."""
        await note_model(self._database, self._model)
        newest = await newest_model(self._database)
        if newest != self._model:
            log.info("newer_voice_model_elsewhere", ours=self._model, newest=newest)
            return
        asked = 0
        for tenant in await tenants(self._database):
            async for page in stale(self._database, tenant, self._model):
                asked += await queue.ask(self.name, [Ticket(tenant, str(each)) for each in page])
        if asked:
            log.info("profiles_to_reextract", model=self._model, profiles=asked)

    async def work(self, ticket: Ticket) -> None:
        """Make a profile's missing voiceprints, one by one, and switch to them when all are there.

        A profile that was erased, reset or enrolled anew meanwhile is left alone. One with a
        recording that cannot be read keeps what it has, is noted, and looked at again later.
        """
        tenant, profile = TenantId(ticket.tenant), ProfileId(UUID(ticket.subject))
        try:
            while await self._one(tenant, profile):
                pass
        except (SealBrokenError, EngineError) as error:
            await note_unreadable(self._database, tenant, profile, self._model, str(error))
            log.error("profile_unreadable", profile=str(profile), model=self._model)
            return
        if await switch(self._database, tenant, profile, self._model):
            log.info("profile_reextracted", profile=str(profile), model=self._model)

    async def _one(self, tenant: TenantId, profile: ProfileId) -> bool:
        """Make one voiceprint; False where none is missing or the profile is in other hands."""
        about = (self._database, self._keyring, tenant, profile)
        material = await next_material(*about, self._model)
        if material is None:
            return False
        loop = asyncio.get_running_loop()
        embedding = await loop.run_in_executor(self._thread, self._embed, material)
        return await keep_beside(*about, material, embedding)
