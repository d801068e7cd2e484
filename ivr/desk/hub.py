"""What changed, to everybody in this process who watches: one query for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager

import structlog

from ivr.desk.records import CallRecords
from ivr.domain.call import TenantId
from ivr.domain.desk import Card, Gone
from ivr.ports import StoreUnavailableError

WAITING_MAX = 1000
AGAIN_S = 0.5

log = structlog.get_logger()


class FellBehindError(Exception):
    """Who watches does not take what is told; they had better begin anew."""


class Watcher:
    """One who watches: a screen, or whoever acts on what agents ask for."""

    def __init__(self, wants: Callable[[Card | Gone], bool]) -> None:
        """Take the changes that `wants` says yes to."""
        self._wants = wants
        self._waiting: asyncio.Queue[Card | Gone] = asyncio.Queue(WAITING_MAX)
        self._behind = False

    def take(self, change: Card | Gone) -> None:
        """Take a change, until there is no room for one: `next` notices."""
        if self._behind or not self._wants(change):
            return
        try:
            self._waiting.put_nowait(change)
        except asyncio.QueueFull:
            self._behind = True

    async def next(self) -> Card | Gone:
        """Return the next change; `FellBehindError` after those that were taken."""
        if self._behind and self._waiting.empty():
            raise FellBehindError
        return await self._waiting.get()


class Hub:
    """Listens to the database and tells the watchers; `run` must run."""

    def __init__(self, calls: CallRecords) -> None:
        self._calls = calls
        self._watchers: list[Watcher] = []
        self._reached: dict[TenantId, int] = {}
        self._changed: set[TenantId] = set()
        self._gone: list[Gone] = []
        self._missed = False
        """Changes may have been missed, of whomever."""
        self._wake = asyncio.Event()

    @contextmanager
    def watching(self, tenant: TenantId) -> Iterator[Watcher]:
        """Watch a tenant's calls until the context is left."""
        with self._told(lambda change: change.tenant == tenant) as watcher:
            yield watcher

    async def of_worker(self, worker: str) -> AsyncGenerator[Card, None]:
        """Yield what changes in the calls that a worker takes, for ever. Whoever takes it too
        slowly misses some, which is logged.
        """
        while True:
            with self._told(_calls_of(worker)) as watcher:
                try:
                    while True:
                        card = await watcher.next()
                        assert isinstance(card, Card), "it wants no others"
                        yield card
                except FellBehindError:
                    advice = "let agents ask again; see whether PostgreSQL and Asterisk are slow"
                    log.warning("desk_fell_behind", worker=worker, advice=advice)

    @contextmanager
    def _told(self, wants: Callable[[Card | Gone], bool]) -> Iterator[Watcher]:
        watcher = Watcher(wants)
        self._watchers.append(watcher)
        try:
            yield watcher
        finally:
            self._watchers.remove(watcher)

    async def run(self) -> None:
        """Listen and tell, for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._tell())

    async def _listen(self) -> None:
        async for change in self._calls.changes():
            if change is None:
                self._missed = True
            elif isinstance(change, Gone):
                self._gone.append(change)
            else:
                self._changed.add(change)
            self._wake.set()

    async def _tell(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._missed:
                await self._ask_for_all()
            changed, self._changed = self._changed, set()
            gone, self._gone = self._gone, []
            for tenant in changed:
                await self._tell_of(tenant)
            # What was read before it went is told before it, and not once more after it.
            for each in gone:
                self._pass_on(each)

    async def _ask_for_all(self) -> None:
        """Ask for every tenant: of one that was never heard of a change may be missing, too."""
        self._missed = False
        try:
            self._changed.update(await self._calls.tenants())
        except StoreUnavailableError as error:
            self._missed = True
            self._come_again(error)

    async def _tell_of(self, tenant: TenantId) -> None:
        try:
            cards = await self._calls.cards(tenant, self._reached.get(tenant, 0), None)
        except StoreUnavailableError as error:
            self._changed.add(tenant)
            self._come_again(error)
            return
        for card in cards:
            self._reached[tenant] = card.number
            self._pass_on(card)

    def _come_again(self, error: StoreUnavailableError) -> None:
        log.warning("desk_not_read", why=str(error))
        asyncio.get_running_loop().call_later(AGAIN_S, self._wake.set)

    def _pass_on(self, change: Card | Gone) -> None:
        for watcher in self._watchers:
            watcher.take(change)


def _calls_of(worker: str) -> Callable[[Card | Gone], bool]:
    return lambda change: isinstance(change, Card) and change.worker == worker
