"""What agents ask for: one worker takes it upon itself, once, and says how far it came."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import pytest

from ivr.desk import Hub, asking_part
from ivr.domain.call import CallId, CallState, Purpose
from ivr.domain.desk import Card, StepUp, StepUpState
from ivr.domain.news import News
from ivr.storage.database import Database
from ivr.storage.desk_calls import DeskCalls
from ivr.storage.desk_feed import DeskFeed, desk_feed
from tests.patience import PATIENCE_S
from tests.unit.storage.records import TENANT, WORKER, opening

WANTED, TELLING, TOLD = StepUpState.WANTED, StepUpState.TELLING, StepUpState.TOLD


@dataclass
class Overheard:
    """A call that changes while its dialplan is told, as one does that is listened to."""

    calls: DeskCalls
    feed: DeskFeed
    news: News
    hub: Hub | None = None
    told: list[StepUp] = field(default_factory=list)
    then: StepUp | None = None
    """What is asked for besides, meanwhile."""

    async def ask(self, call: CallId, asked: StepUp) -> StepUpState:
        """Take what is asked, and return once everybody has seen that the call changed."""
        self.told.append(asked)
        assert self.hub is not None
        with self.hub.watching(TENANT) as watcher:
            if self.then is not None:
                await self.calls.step_up(TENANT, self.news.verification, self.then)
                self.then = None
            self.feed.tell(replace(self.news, net_speech_s=2.0))
            await self.feed.written()
            await watcher.next()
        return TOLD

    async def until_told(self, asked: StepUp) -> None:
        """Ask, and wait until the dialplan is told of what was asked for last."""
        assert self.hub is not None
        last = self.then or asked
        with self.hub.watching(TENANT) as watcher:
            await self.calls.step_up(TENANT, self.news.verification, asked)
            while True:
                card = await watcher.next()
                assert isinstance(card, Card)
                step_up = json.loads(card.body).get("step_up")
                if step_up == {"asked": last, "state": TOLD}:
                    return


@pytest.fixture
async def overheard(database: Database) -> AsyncIterator[Overheard]:
    """One call, whose worker runs."""
    begun = opening()
    news = News(TENANT, begun.id, begun.call, WORKER, Purpose.PASSIVE, state=CallState.LISTENING)
    calls = DeskCalls(database)
    async with desk_feed(database) as feed:
        call = Overheard(calls, feed, news)
        async with asking_part(calls, WORKER, call.ask) as hub:
            call.hub = hub
            with hub.watching(TENANT) as watcher:
                feed.tell(news)
                await watcher.next()
            yield call


async def test_what_is_asked_for_once_is_told_once(overheard: Overheard) -> None:
    """However often the call changes before it is noted how far it came."""
    await overheard.until_told(StepUp.PIN)
    await overheard.until_told(StepUp.CHALLENGE)
    assert overheard.told == [StepUp.PIN, StepUp.CHALLENGE]


async def test_what_is_asked_for_meanwhile_is_told_too(overheard: Overheard) -> None:
    """How far the first came is not taken for how far the second did."""
    overheard.then = StepUp.CHALLENGE
    await overheard.until_told(StepUp.PIN)
    assert overheard.told == [StepUp.PIN, StepUp.CHALLENGE]


async def test_of_two_who_take_it_upon_themselves_one_does(overheard: Overheard) -> None:
    """The other finds that it is not wanted any more."""
    calls, call = overheard.calls, (TENANT, overheard.news.verification)
    await overheard.until_told(StepUp.PIN)
    assert await calls.move_step_up(*call, TOLD, TELLING) is StepUp.PIN
    assert await calls.move_step_up(*call, TOLD, TELLING) is None


async def test_what_was_asked_for_while_nobody_listened_is_told(database: Database) -> None:
    """A worker begins, or its connection was cut: the tenant may be one it never heard of."""
    begun, calls = opening(), DeskCalls(database)
    told: asyncio.Queue[tuple[CallId, StepUp]] = asyncio.Queue()

    async def ask(call: CallId, asked: StepUp) -> StepUpState:
        told.put_nowait((call, asked))
        return TOLD

    async with desk_feed(database) as feed:
        feed.tell(News(TENANT, begun.id, begun.call, WORKER, Purpose.PASSIVE))
        await feed.written()
    await calls.step_up(TENANT, begun.id, StepUp.PIN)
    async with asking_part(calls, WORKER, ask), asyncio.timeout(PATIENCE_S):
        assert await told.get() == (begun.call, StepUp.PIN)
