"""The desk as a part of the service: its web server, and what keeps it up to date."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import structlog
from aiohttp import web

from ivr.desk.address import NOWHERE, Address
from ivr.desk.asking import Ask, tell_dialplan
from ivr.desk.figures import Figures
from ivr.desk.guard import Guard, limits
from ivr.desk.hub import Hub
from ivr.desk.model import InUse
from ivr.desk.occasions import Occasions
from ivr.desk.offers import Offers
from ivr.desk.pages import Pages
from ivr.desk.points import Points
from ivr.desk.records import CallRecords, UserRecords
from ivr.desk.screens import Screens
from ivr.desk.sessions import Sessions
from ivr.desk.signing_in import SigningIn
from ivr.desk.webhook import SENDERS, Backoff, Count, Webhook, WebhookRules, tell_program
from ivr.http_door import Door, served

BODY_OCTETS_MAX = 16_384
END_PATIENCE_S = 0.5
"""Streams never end by themselves; whoever holds one comes back to another worker."""
LAST_WORDS_S = 3.0
"""So long may it take to post the rest when the program ends."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DeskRules:
    """Where the desk is served, and how."""

    host: str
    port: int
    worker: str
    """The ARI application whose callers are told what agents ask for."""
    session: timedelta = timedelta(hours=10)
    connections_max: int = 500
    """Each open page holds one, and a second one for a moment now and then."""
    token: str = ""
    """What programs show that offer calls to agents; empty: none may."""
    tls: ssl.SSLContext | None = None
    address: Address = NOWHERE
    """Where agents find it."""


@asynccontextmanager
async def asking_part(calls: CallRecords, worker: str, ask: Ask) -> AsyncIterator[Hub]:
    """Tell the dialplan what agents ask of a worker's callers, on whichever desk; yield the hub.

    Every worker whose calls are shown has this; one that serves a desk has it with `desk_part`.
    """
    hub = Hub(calls)
    async with _running(hub.run(), tell_dialplan(calls, hub, worker, ask)):
        yield hub


@asynccontextmanager
async def desk_part(
    rules: DeskRules,
    calls: CallRecords,
    users: UserRecords,
    in_use: InUse,
    ask: Ask,
) -> AsyncIterator[Hub]:
    """Serve the desk until the context is left, and yield the hub; `OSError`: the port is taken."""
    async with asking_part(calls, rules.worker, ask) as hub:
        runner = served(
            application(rules, calls, users, in_use, hub),
            "ivr.desk.http",
            shutdown_timeout=END_PATIENCE_S,
        )
        await runner.setup()
        try:
            await Door(runner, rules.host, rules.port, rules.connections_max, rules.tls).start()
            log.info("desk_ready", host=rules.host, port=rules.port)
            yield hub
        finally:
            await runner.cleanup()


@asynccontextmanager
async def webhook_part(
    rules: WebhookRules, hub: Hub, backoff: Backoff, count: Count
) -> AsyncIterator[None]:
    """Post what happens to a worker's calls from now on; what was told by the end is posted too."""
    occasions = Occasions(datetime.now(UTC), rules.desk)
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        webhook = Webhook(rules, http, backoff, count)
        sending = (webhook.send_forever() for _ in range(SENDERS))
        async with _running(tell_program(hub, webhook, rules.worker, occasions), *sending):
            yield
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_WORDS_S):
                    await webhook.sent()


def application(
    rules: DeskRules, calls: CallRecords, users: UserRecords, in_use: InUse, hub: Hub
) -> web.Application:
    """Return the web application, which serves as long as the hub runs."""
    guard = Guard(Sessions(users, rules.session, time.monotonic))
    served = web.Application(middlewares=[limits], client_max_size=BODY_OCTETS_MAX)
    parts = (
        Pages(guard),
        SigningIn(guard, rules.address),
        Screens(guard, calls, hub, in_use),
        Figures(guard, calls, in_use),
        Points(guard, in_use),
        Offers(calls, rules.token, rules.address),
    )
    for part in parts:
        served.add_routes(part.routes())
    return served


@asynccontextmanager
async def _running(*works: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Let work go on beside; what ends by a fault of ours is told, and ends no call."""
    tasks = {asyncio.create_task(work) for work in works}
    for task in tasks:
        task.add_done_callback(_tell_fault)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def _tell_fault(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("desk_failed", exc_info=error, advice="restart the service, and report this")
