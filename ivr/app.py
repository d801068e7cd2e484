"""The composition root: a configuration goes in, a running service comes out."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import structlog

from engine import SpeakerEngine
from engine.audio import warm
from ivr.abandoned import end_abandoned
from ivr.agi.server import AgiServer
from ivr.api.office import ApiOffice
from ivr.api.server import api_server
from ivr.ari.client import AriClient
from ivr.clock import SystemClock
from ivr.config import Configuration
from ivr.flows.conduct import adopt, conduct
from ivr.flows.services import Services
from ivr.holdings import database_of, keyring_of, lockout_rules, outbox_of
from ivr.jobs import jobs_of
from ivr.line.agi_door import agi_door
from ivr.line.agi_switchboard import Follow
from ivr.line.arguments import RequestDefaults
from ivr.line.leg import Watch
from ivr.line.switchboard import Switchboard
from ivr.media.prompts import PromptLibrary
from ivr.offline import Office
from ivr.showing import shown
from ivr.storage import (
    Database,
    Keyring,
    Outbox,
    PostgresStore,
)
from ivr.translation import (
    agi_rules,
    ari_address,
    check_prompts,
    enroll_rules,
    listening_limits,
    media_sockets,
    model_path,
    passive_rules,
    phrases_folder,
    previous_model_path,
    prompt_folder,
    quality_limits,
    record_rules,
    verify_rules,
)
from ivr.voice import EngineVoice
from ivr.watch import Metrics
from ivr.watching import Watched, watched
from ivr.words import Words

log = structlog.get_logger()


async def serve(configuration: Configuration) -> None:
    """Take calls until told to stop (SIGTERM, SIGINT): then finish them and take no new ones."""
    async with AsyncExitStack() as stack:
        metrics = Metrics()
        prompts = PromptLibrary.load(prompt_folder(configuration))
        check_prompts(configuration, prompts)
        words = await asyncio.to_thread(Words.load, prompts.locales, phrases_folder(configuration))
        threads = configuration.voice.threads
        engine, earlier = load_engine(configuration), load_earlier(configuration)
        voice = EngineVoice(engine, words, threads, metrics, earlier)
        stack.push_async_callback(voice.close)
        await asyncio.to_thread(warm, configuration.voice.listeners)
        database = await stack.enter_async_context(database_of(configuration))
        keyring = await keyring_of(configuration, database)
        outbox = await stack.enter_async_context(outbox_of(configuration, database, keyring))
        ari = await stack.enter_async_context(AriClient(ari_address(configuration)))
        told = await stack.enter_async_context(
            shown(configuration, database, ari, engine, metrics.posted)
        )
        sockets = await stack.enter_async_context(media_sockets(configuration))
        beside = api_office(configuration, database, keyring, voice, outbox)
        office = await stack.enter_async_context(beside)
        await stack.enter_async_context(api_server(configuration.api, office))
        services = Services(
            store=outbox,
            ledger=outbox,
            voice=voice,
            clock=SystemClock(),
            keys=keyring,
            meter=metrics,
            desk=told.desk,
            worker=configuration.ari.app,
            verify=verify_rules(configuration),
            enroll=enroll_rules(configuration, prompts.consent_versions),
            passive=passive_rules(configuration),
            longest_call_s=configuration.calls.longest_s,
        )
        switchboard = Switchboard(
            ari,
            sockets,
            prompts,
            record_rules(configuration, prompts.locales),
            conduct=partial(conduct, services=services),
            adopt=partial(adopt, services=services),
            defaults=RequestDefaults(locale=configuration.prompts.locale, spoken=prompts.phrases),
            watch=told.watch,
            carried=metrics.carried,
            following=told.following,
        )
        parts = Watched(ari, database, outbox, switchboard, voice)
        await stack.enter_async_context(watched(configuration.health, metrics, parts))
        files = await stack.enter_async_context(apart(office.files, engine, words, earlier))
        jobs = jobs_of(configuration, database, keyring, engine, words, files)
        await stack.enter_async_context(jobs)
        left = await outbox.unfinished(services.worker)
        mending = asyncio.create_task(end_abandoned(left, ari, services))
        stack.push_async_callback(_ended, mending)
        door = agi_of(configuration, prompts, services, metrics, told.watch, told.following.begin)
        agi = await stack.enter_async_context(door)
        drains = [switchboard.drain, *([agi.drain] if agi else [])]
        await _run(switchboard, drains, configuration.calls.drain_s)


@asynccontextmanager
async def agi_of(
    configuration: Configuration,
    prompts: PromptLibrary,
    services: Services,
    metrics: Metrics,
    watch: Watch,
    follow: Follow,
) -> AsyncIterator[AgiServer | None]:
    """Take calls by FastAGI as well, where that is enabled; cut off those that are not drained."""
    if not configuration.agi.enabled:
        yield None
        return
    defaults = RequestDefaults(locale=configuration.prompts.locale, spoken=prompts.phrases)
    async with agi_door(
        agi_rules(configuration),
        prompts,
        conduct=partial(conduct, services=services),
        drain_s=0,
        defaults=defaults,
        watch=watch,
        carried=metrics.carried,
        follow=follow,
    ) as server:
        yield server


def load_engine(configuration: Configuration) -> SpeakerEngine:
    """Load the voice model with the operator's limits; `EngineError` where that cannot be."""
    return _engine_of(model_path(configuration), configuration)


def load_earlier(configuration: Configuration) -> SpeakerEngine | None:
    """Load the voice model of before a change, where one is named; as `load_engine`."""
    card = previous_model_path(configuration)
    return None if card is None else _engine_of(card, configuration)


def _engine_of(card: Path, configuration: Configuration) -> SpeakerEngine:
    return SpeakerEngine.load(
        card,
        configuration.voice.target_fmr,
        quality_limits(configuration),
        listening_limits(configuration),
    )


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


Drain = Callable[[], Awaitable[None]]
"""Takes no new calls, and returns when the last one is over."""


async def _run(switchboard: Switchboard, drains: Sequence[Drain], drain_s: float) -> None:
    """Take calls until a signal, then finish those at hand, for so long or until a second one."""
    signals = stop_signals()
    running = asyncio.create_task(switchboard.run())
    stopping = asyncio.create_task(signals.get())
    log.info("service_ready")
    try:
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await _ended(stopping)
    if not running.done():
        log.info("service_stopping", calls=len(switchboard.calls))
    await _drained(switchboard, drains, signals, drain_s)
    await _ended(running)
    log.info("service_stopped")


async def _drained(
    switchboard: Switchboard,
    drains: Sequence[Drain],
    signals: asyncio.Queue[signal.Signals],
    drain_s: float,
) -> None:
    """Wait until the last call is over, but no longer than that, and not after another signal."""
    draining = asyncio.create_task(_all(drains))
    again = asyncio.create_task(signals.get())
    either = {draining, again}
    await asyncio.wait(either, timeout=drain_s, return_when=asyncio.FIRST_COMPLETED)
    if not draining.done():
        why = "told to stop at once" if again.done() else f"not over after {drain_s:g} s"
        log.warning("calls_cut_off", calls=len(switchboard.calls), why=why)
    await _ended(draining)
    await _ended(again)


async def _all(drains: Sequence[Drain]) -> None:
    await asyncio.gather(*(drain() for drain in drains))


def stop_signals() -> asyncio.Queue[signal.Signals]:
    """Return where each SIGTERM and SIGINT arrives."""
    signals: asyncio.Queue[signal.Signals] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, signals.put_nowait, number)
    return signals


async def _ended(task: asyncio.Task[None] | asyncio.Task[signal.Signals]) -> None:
    """Let a task end, cancelling it if it has not; raise what it raised."""
    if not task.done():
        task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.result()
