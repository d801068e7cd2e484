"""The composition root: a configuration goes in, a running service comes out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial

from engine import SpeakerEngine
from engine.audio import warm
from ivr.abandoned import end_abandoned
from ivr.agi.server import AgiServer
from ivr.api.office import ApiOffice
from ivr.api.server import api_server
from ivr.ari.client import AriClient
from ivr.clock import SystemClock
from ivr.config import Configuration
from ivr.connecting import agi_rules, ari_address, media_sockets, record_rules
from ivr.engines import load_earlier, load_engine
from ivr.flows.conduct import adopt, conduct
from ivr.flows.services import Services
from ivr.holdings import database_of, keyring_of, lockout_rules, outbox_of
from ivr.jobs import jobs_of
from ivr.line.agi_door import agi_door
from ivr.line.arguments import RequestDefaults
from ivr.line.switchboard import Switchboard
from ivr.media.prompts import PromptLibrary
from ivr.media.socket import MediaSockets
from ivr.offline import Office
from ivr.running import ended, run
from ivr.showing import Told, shown
from ivr.storage import (
    Database,
    Keyring,
    Outbox,
    PostgresStore,
)
from ivr.translation import (
    check_prompts,
    enroll_rules,
    passive_rules,
    phrases_folder,
    prompt_folder,
    verify_rules,
)
from ivr.voice import EngineVoice
from ivr.watch import Metrics
from ivr.watching import Watched, watched
from ivr.words import Words


@dataclass(frozen=True, slots=True)
class _Parts:
    """What every call needs, ready for use."""

    metrics: Metrics
    prompts: PromptLibrary
    words: Words
    engine: SpeakerEngine
    earlier: SpeakerEngine | None
    voice: EngineVoice
    database: Database
    keyring: Keyring
    outbox: Outbox
    ari: AriClient


async def serve(configuration: Configuration) -> None:
    """Take calls until told to stop (SIGTERM, SIGINT): then finish them and take no new ones."""
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        parts = await _parts(configuration, stack)
        metrics, engine, database = parts.metrics, parts.engine, parts.database
        known = (database, parts.keyring, parts.ari, engine)
        told = await enter(shown(configuration, *known, metrics.posted))
        sockets = await enter(media_sockets(configuration))
        beside = api_office(configuration, database, parts.keyring, parts.voice, parts.outbox)
        office = await enter(beside)
        await enter(api_server(configuration.api, office))
        services = _services(configuration, parts, told)
        switchboard = _switchboard(configuration, parts, services, sockets, told)
        looked_at = Watched(parts.ari, database, parts.outbox, switchboard, parts.voice)
        await enter(watched(configuration.health, metrics, looked_at))
        files = await enter(apart(office.files, engine, parts.words, parts.earlier))
        await enter(jobs_of(configuration, database, parts.keyring, engine, parts.words, files))
        left = await parts.outbox.unfinished(services.worker)
        mending = asyncio.create_task(end_abandoned(left, parts.ari, services))
        stack.push_async_callback(ended, mending)
        agi = await enter(_agi_of(configuration, parts, services, told))
        drains = [switchboard.drain, *([agi.drain] if agi else [])]
        await run(switchboard, drains, configuration.calls.drain_s)


async def _parts(configuration: Configuration, stack: AsyncExitStack) -> _Parts:
    metrics = Metrics()
    prompts = PromptLibrary.load(prompt_folder(configuration))
    check_prompts(configuration, prompts)
    words = await asyncio.to_thread(Words.load, prompts.locales, phrases_folder(configuration))
    engine, earlier = load_engine(configuration), load_earlier(configuration)
    voice = EngineVoice(engine, words, configuration.voice.threads, metrics, earlier)
    stack.push_async_callback(voice.close)
    await asyncio.to_thread(warm, configuration.voice.listeners)
    database = await stack.enter_async_context(database_of(configuration))
    keyring = await keyring_of(configuration, database)
    outbox = await stack.enter_async_context(outbox_of(configuration, database, keyring))
    ari = await stack.enter_async_context(AriClient(ari_address(configuration)))
    return _Parts(metrics, prompts, words, engine, earlier, voice, database, keyring, outbox, ari)


def _services(configuration: Configuration, parts: _Parts, told: Told) -> Services:
    return Services(
        store=parts.outbox,
        ledger=parts.outbox,
        voice=parts.voice,
        clock=SystemClock(),
        keys=parts.keyring,
        meter=parts.metrics,
        desk=told.desk,
        worker=configuration.ari.app,
        verify=verify_rules(configuration),
        enroll=enroll_rules(configuration, parts.prompts.consent_versions),
        passive=passive_rules(configuration),
        longest_call_s=configuration.calls.longest_s,
    )


def _switchboard(
    configuration: Configuration,
    parts: _Parts,
    services: Services,
    sockets: MediaSockets,
    told: Told,
) -> Switchboard:
    return Switchboard(
        parts.ari,
        sockets,
        parts.prompts,
        record_rules(configuration, parts.prompts.locales),
        conduct=partial(conduct, services=services),
        adopt=partial(adopt, services=services),
        defaults=_defaults(configuration, parts.prompts),
        watch=told.watch,
        carried=parts.metrics.carried,
        following=told.following,
    )


def _defaults(configuration: Configuration, prompts: PromptLibrary) -> RequestDefaults:
    return RequestDefaults(locale=configuration.prompts.locale, spoken=prompts.phrases)


@asynccontextmanager
async def _agi_of(
    configuration: Configuration, parts: _Parts, services: Services, told: Told
) -> AsyncIterator[AgiServer | None]:
    """Take calls by FastAGI as well, where that is enabled; cut off those that are not drained."""
    if not configuration.agi.enabled:
        yield None
        return
    async with agi_door(
        agi_rules(configuration),
        parts.prompts,
        conduct=partial(conduct, services=services),
        drain_s=0,
        defaults=_defaults(configuration, parts.prompts),
        watch=told.watch,
        carried=parts.metrics.carried,
        follow=told.following.begin,
    ) as server:
        yield server


@asynccontextmanager
async def api_office(
    configuration: Configuration,
    database: Database,
    keyring: Keyring,
    calls: EngineVoice,
    outbox: Outbox,
) -> AsyncIterator[ApiOffice]:
    """Yield what the API works with: the work on files, and PostgreSQL with no outbox before it.

    In the outbox it looks for those who are erased. Its voice has half as many threads as that of
    the calls: no caller waits behind a program.
    """
    voice = calls.apart(max(1, configuration.voice.threads // 2))
    files = Office(
        PostgresStore(database, keyring, lockout_rules(configuration)),
        voice,
        keyring,
        SystemClock(),
        verify_rules(configuration),
        # Consent was given elsewhere, to words that the request names.
        enroll_rules(configuration, {}),
    )
    consent, own = configuration.api.azure_consent, phrases_folder(configuration)
    office = ApiOffice.of(files, database, keyring, consent, outbox)
    try:
        yield replace(office, phrases_folder=own)
    finally:
        await voice.close()


@asynccontextmanager
async def apart(
    office: Office, engine: SpeakerEngine, words: Words, earlier: SpeakerEngine | None
) -> AsyncIterator[Office]:
    """Yield the same work on files with a thread of its own: no caller waits behind a batch."""
    voice = EngineVoice(engine, words, 1, earlier=earlier)
    try:
        yield replace(office, voice=voice)
    finally:
        await voice.close()
