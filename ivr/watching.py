"""Joins the watch with the parts it watches: what is checked, and what is counted."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import structlog

from ivr.ari.client import AriClient
from ivr.config import ConfigurationError
from ivr.jobs.queue import Queue
from ivr.line.switchboard import Switchboard
from ivr.ports import StoreUnavailableError
from ivr.settings import Health as Settings
from ivr.storage import Database, Outbox
from ivr.voice import EngineVoice
from ivr.watch import Checks, Health, Metrics, Present, listening

JOBS_TIMEOUT_S = 3.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Watched:
    """The parts of one service."""

    ari: AriClient
    database: Database
    outbox: Outbox
    switchboard: Switchboard
    voice: EngineVoice


@asynccontextmanager
async def watched(settings: Settings, metrics: Metrics, parts: Watched) -> AsyncIterator[None]:
    """Answer those who watch, while the block lasts; nobody is answered where no port is set.

    `ConfigurationError` where the port cannot be had.
    """
    metrics.uses(parts.voice.model)
    async with AsyncExitStack() as stack:
        if settings.port:
            await _listen(stack, settings, metrics, parts)
        yield


async def _listen(
    stack: AsyncExitStack, settings: Settings, metrics: Metrics, parts: Watched
) -> None:
    health = Health(checks_of(parts, settings.outbox_max))
    place = listening(settings.host, settings.port, metrics, health, lambda: present(parts))
    try:
        await stack.enter_async_context(place)
    except OSError as error:
        why = f"{settings.host} cannot be listened on: {error.strerror or error}"
        advice = "choose another, or 0 to be watched by nobody"
        raise ConfigurationError("health.port", settings.port, f"{why}; {advice}") from error
    log.info("health_listening", host=settings.host, port=settings.port)


def checks_of(parts: Watched, outbox_max: int) -> Checks:
    """Return the checks of readiness: where all succeed, calls are taken and verdicts written."""

    async def asterisk() -> str:
        return "" if parts.ari.connected else "the events websocket is cut; it is being restored"

    async def database() -> str:
        return "" if await parts.database.takes_writes() else "PostgreSQL can only be read"

    async def outbox() -> str:
        await parts.outbox.writable()
        waiting, _ = await parts.outbox.depth()
        return "" if waiting < outbox_max else f"{waiting} verdicts wait for PostgreSQL"

    async def voice() -> str:
        await parts.voice.answers()
        return ""

    async def taking_calls() -> str:
        return "the service is about to stop" if parts.switchboard.draining else ""

    checks = (asterisk, database, outbox, voice, taking_calls)
    return {check.__name__: check for check in checks}


async def present(parts: Watched) -> Present:
    """Find out what the service looks like now."""
    try:
        waiting, aside = await parts.outbox.depth()
        letters = {"waiting": waiting, "set_aside": aside}
    except OSError:
        # The check of the outbox tells it; a depth of 0 would be a lie.
        letters = {}
    return Present(
        calls=Counter(parts.switchboard.states),
        outbox=letters,
        connections=parts.database.connections,
        jobs=await queued(parts.database),
    )


async def queued(database: Database) -> dict[str, int]:
    """Return how many jobs wait, and nothing where PostgreSQL does not say: its check tells."""
    try:
        async with asyncio.timeout(JOBS_TIMEOUT_S), Queue.open(database) as queue:
            return await queue.waiting()
    except (StoreUnavailableError, TimeoutError):
        return {}
