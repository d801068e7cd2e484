"""News of calls, on their way to whoever watches: written in order, behind the calls' backs."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from ivr.domain.call import CallFacts, CallId, CallState, TenantId
from ivr.domain.news import News, Onward
from ivr.domain.verification import Attempt
from ivr.ports import StoreUnavailableError
from ivr.storage.database import Database, Transaction
from ivr.storage.text import storable

WAITING_MAX = 1000
"""News that wait while PostgreSQL is slow; more is dropped: every later news heals it."""
KEPT = timedelta(hours=12)
"""A call that began so long ago is on no screen any more."""
CURRENT_MAX = 10_000
"""More calls than one worker has at a time; of some nobody tells when they end."""
TIDIED_EVERY = timedelta(minutes=10)
LAST_WORDS_S = 3.0
"""So long may it take to write the rest when the program ends."""

ENDED = frozenset({CallState.RELEASED, CallState.GONE})

log = structlog.get_logger()


class DeskFeed:
    """`ivr.ports.Desk` on PostgreSQL, whose NOTIFY tells every desk; see `desk_feed`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: asyncio.Queue[News | Onward] = asyncio.Queue(WAITING_MAX)
        self._current: dict[CallId, News] = {}
        self._agents: dict[tuple[TenantId, CallId], tuple[str, ...]] = {}
        self._tidied: dict[TenantId, datetime] = {}

    def tell(self, news: News) -> None:
        """See `ivr.ports.Desk.tell`; who answered before it was told of is offered it too."""
        agents = self._agents.get((news.tenant, news.call), ())
        news = replace(news, agents=(*news.agents, *agents))
        if news.state in ENDED:
            self._current.pop(news.call, None)
        else:
            self._current[news.call] = news
            if len(self._current) > CURRENT_MAX:
                del self._current[next(iter(self._current))]
        self._put(news)

    def watch(self, facts: CallFacts, state: CallState) -> None:
        """Tell the state of a call that was told of before; of others nobody knows which it is."""
        news = self._current.get(facts.id)
        if news is not None:
            self.tell(News(news.tenant, news.verification, news.call, news.worker, state=state))

    def offered(self, facts: CallFacts, agents: tuple[str, ...]) -> None:
        """Offer the channel's last call to an agent, by each of these names, and its next ones."""
        channel = facts.request.tenant, facts.id
        self._agents[channel] = (*self._agents.get(channel, ()), *agents)
        self._put(Onward(facts.request.tenant, facts.id, agents=agents))

    def left(self, facts: CallFacts) -> None:
        """Tell that the caller of the channel's calls has hung up."""
        self._agents.pop((facts.request.tenant, facts.id), None)
        self._put(Onward(facts.request.tenant, facts.id, gone=True))

    async def written(self) -> None:
        """Wait until all that was told so far is written, or given up."""
        await self._waiting.join()

    async def write_forever(self) -> None:
        """Write what is told, one after another."""
        while True:
            news = await self._waiting.get()
            try:
                await self._write(news)
            except StoreUnavailableError as error:
                log.warning("desk_not_told", why=str(error))
            finally:
                self._waiting.task_done()

    def _put(self, news: News | Onward) -> None:
        try:
            self._waiting.put_nowait(news)
        except asyncio.QueueFull:
            log.warning("desk_not_told", why="too much news waits for PostgreSQL")

    async def _write(self, news: News | Onward) -> None:
        name, columns = _statement(news)

        async def work(transaction: Transaction) -> None:
            await transaction.execute(name, *columns)

        await self._database.transact(work, tenant=news.tenant)
        now = datetime.now(UTC)
        if now - self._tidied.get(news.tenant, datetime.min.replace(tzinfo=UTC)) > TIDIED_EVERY:
            self._tidied[news.tenant] = now
            await self._database.fetch(
                "forget-desk-calls", storable(news.tenant), now - KEPT, tenant=news.tenant
            )


@asynccontextmanager
async def desk_feed(database: Database) -> AsyncIterator[DeskFeed]:
    """Yield a feed that writes until it is left; what was told by then is still written."""
    feed = DeskFeed(database)
    writing = asyncio.create_task(feed.write_forever(), name="desk-feed")
    try:
        yield feed
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS_S):
                await feed.written()
    finally:
        writing.cancel()
        await asyncio.wait({writing})
        if not writing.cancelled():
            writing.result()


def _statement(news: News | Onward) -> tuple[str, tuple[Any, ...]]:
    if isinstance(news, News):
        return "tell-desk", _columns(news)
    call = storable(news.tenant), storable(news.call)
    if news.gone:
        return "desk-caller-left", call
    return "desk-call-onward", (*call, [storable(agent) for agent in news.agents])


def _columns(news: News) -> tuple[Any, ...]:
    return (
        news.verification,
        storable(news.tenant),
        storable(news.call),
        storable(news.worker),
        [storable(agent) for agent in news.agents],
        storable(news.claim.account) if news.claim else None,
        news.profile,
        json.dumps(_told(news)),
    )


def _told(news: News) -> dict[str, Any]:
    """Return what is said, without what is not."""
    attempts = news.attempts
    told = {
        "purpose": news.purpose,
        "state": news.state,
        "claim_source": news.claim and news.claim.source,
        "attempts": None if attempts is None else [_attempt(each) for each in attempts],
        "llr": _rounded(news.llr),
        "threshold": _rounded(news.threshold),
        "confidence": news.confidence,
        "net_speech_s": news.net_speech_s,
        "watchlisted": news.watchlisted,
    }
    return {key: value for key, value in told.items() if value is not None}


def _attempt(tried: Attempt) -> dict[str, Any]:
    quality = tried.quality
    return {
        "reason": tried.reason,
        "llr": _rounded(tried.llr),
        "phrase": tried.phrase,
        "net_speech_s": None if quality is None else round(quality.net_speech_s, 1),
        "snr_db": None if quality is None else round(quality.snr_db, 1),
        "replay": _rounded(tried.replay),
        "replay_shift_s": _rounded(tried.replay_shift_s, 3),
    }


def _rounded(value: float | None, digits: int = 2) -> float | None:
    """Return it rounded; None for what JSON has no number for."""
    return round(value, digits) if value is not None and math.isfinite(value) else None
