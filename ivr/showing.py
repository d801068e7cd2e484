"""Joins the desk with the parts it shows: what is told, who is served, and what agents ask for."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import structlog

from engine import SpeakerEngine
from ivr.ari.backoff import full_jitter
from ivr.ari.client import AriClient
from ivr.ari.errors import AriError, AriRequestError
from ivr.ari.model import Channel
from ivr.ari.requests import NOT_FOUND
from ivr.config import Configuration, ConfigurationError
from ivr.desk import (
    Address,
    Count,
    DeskRules,
    Hub,
    InUse,
    WebhookRules,
    asking_part,
    desk_part,
    webhook_part,
)
from ivr.domain.call import CallId
from ivr.domain.desk import StepUp, StepUpState
from ivr.flows.services import NobodyWatches
from ivr.line.following import Following, following_nobody
from ivr.line.leg import Watch, watch_nothing
from ivr.ports import Desk
from ivr.prices import model_in_use, point_at
from ivr.settings import Desk as Settings
from ivr.storage import Database, DeskCalls, DeskUsers, Keyring, OperatingPoints, desk_feed

STEP_UP = "COUNTERSIGN_STEP_UP"
"""With the id of the caller's channel: where the subroutine countersign-step-up looks."""

HAND_BACK = "COUNTERSIGN_HAND_BACK"
"""`yes` on the caller's channel: when the agent's leg ends, the dialplan goes on with him."""
BRIDGED_WITH = "BRIDGEPEER"
"""Asterisk's: the name of the channel that a channel is bridged with, or several with commas."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Told:
    """Who is told of calls."""

    desk: Desk
    watch: Watch
    """Of their states."""
    following: Following
    """Of what becomes of them in the dialplan."""


@asynccontextmanager
async def shown(
    configuration: Configuration,
    database: Database,
    keyring: Keyring,
    ari: AriClient,
    engine: SpeakerEngine,
    posted: Count,
) -> AsyncIterator[Told]:
    """Tell the desk of calls, and serve it where a port is set, while the block lasts.

    Another program is told as long, where `webhook_url` is set. `ConfigurationError` where the
    port or the certificate cannot be had.
    """
    settings = configuration.desk
    if not (settings.port or settings.tell or settings.webhook_url):
        yield Told(NobodyWatches(), watch_nothing, following_nobody())
        return
    async with AsyncExitStack() as stack:
        feed = await stack.enter_async_context(desk_feed(database))
        following = Following(partial(ari.applications.subscribe, ari.address.app), feed)
        if settings.port:
            rules = _rules(settings, configuration.ari.app)
            points, users = OperatingPoints(database, keyring), DeskUsers(database, keyring)
            in_use = InUse(model_in_use(engine), points, partial(point_at, engine=engine))
            part = desk_part(rules, DeskCalls(database), users, in_use, Asking(ari).ask)
            hub = await _serve(stack, rules, part)
        else:
            elsewhere = asking_part(DeskCalls(database), configuration.ari.app, Asking(ari).ask)
            hub = await stack.enter_async_context(elsewhere)
        if settings.webhook_url:
            posts = webhook_part(_webhook(settings, ari.address.app), hub, full_jitter, posted)
            await stack.enter_async_context(posts)
        yield Told(feed, feed.watch, following)


@dataclass(frozen=True, slots=True)
class Asking:
    """What agents ask for reaches the dialplan."""

    ari: AriClient
    _told: set[CallId] = field(default_factory=set)
    """Of whom Asterisk still holds a global variable: it keeps one for ever that nobody drops."""

    async def ask(self, call: CallId, asked: StepUp) -> StepUpState:
        """Ask by a global variable: ARI sets none on a channel that is not in our application."""
        state = await self._asked(call, asked)
        await self._forget_who_left()
        return state

    async def _asked(self, call: CallId, asked: StepUp) -> StepUpState:
        try:
            channel = await self.ari.channels.get(call)
            self._told.add(call)
            await self.ari.asterisk.set_global(_variable(call), asked)
        except AriError as error:
            log.warning("dialplan_not_told", call=call, why=str(error))
            has_left = isinstance(error, AriRequestError) and error.status == NOT_FOUND
            return StepUpState.GONE if has_left else StepUpState.FAILED
        try:
            return await self._taken_back(channel)
        except AriError as error:
            log.warning("call_not_taken_back", call=call, why=str(error))
            return StepUpState.TOLD

    async def _forget_who_left(self) -> None:
        """Drop the variables of callers who are gone; where that fails, at the next time."""
        try:
            here = {channel.id for channel in await self.ari.channels.list()}
            for call in self._told - here:
                await self.ari.asterisk.drop_global(_variable(call))
                self._told.discard(call)
        except AriError as error:
            log.warning("step_up_not_dropped", calls=len(self._told), why=str(error))

    async def _taken_back(self, caller: Channel) -> StepUpState:
        """Hang the agent's channel up where the dialplan says that it goes on with the caller then.

        Anywhere else that would be the end of the caller's call too.
        """
        with_us = caller.dialplan is not None and caller.dialplan.in_stasis
        get = self.ari.channels.get_variable
        if with_us or await get(caller.id, HAND_BACK) != "yes":
            return StepUpState.TOLD
        agent = await get(caller.id, BRIDGED_WITH) or ""
        if not agent or "," in agent:
            return StepUpState.TOLD
        await self.ari.channels.hangup(agent)
        return StepUpState.NOW


def _variable(call: CallId) -> str:
    return f"{STEP_UP}_{call}"


async def _serve(
    stack: AsyncExitStack, rules: DeskRules, part: AbstractAsyncContextManager[Hub]
) -> Hub:
    try:
        return await stack.enter_async_context(part)
    except OSError as error:
        why = f"{rules.host} cannot be listened on: {error.strerror or error}"
        advice = "choose another, or 0 to serve no desk here"
        raise ConfigurationError("desk.port", rules.port, f"{why}; {advice}") from error


def _rules(settings: Settings, worker: str) -> DeskRules:
    return DeskRules(
        host=settings.host,
        port=settings.port,
        worker=worker,
        session=timedelta(hours=settings.session_hours),
        connections_max=settings.connections_max,
        token=settings.token,
        tls=_tls(settings),
        address=Address(settings.url),
    )


def _webhook(settings: Settings, worker: str) -> WebhookRules:
    secret, desk = settings.webhook_secret.encode(), Address(settings.url)
    return WebhookRules(settings.webhook_url, secret, worker, desk)


def _tls(settings: Settings) -> ssl.SSLContext | None:
    if not settings.tls_certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.tls_certificate, settings.tls_key or None)
    except OSError as error:
        raise ConfigurationError(
            "desk.tls_certificate",
            settings.tls_certificate,
            f"it and desk.tls_key must be a certificate and its key, in PEM: {error}",
        ) from error
    return context
