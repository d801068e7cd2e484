"""Another program is told of calls by POST, such as a CRM that opens the caller's page.

Behind the calls' backs: whoever receives it may be slow or down, and no call notices.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from http import HTTPStatus

import aiohttp
import msgspec
import structlog

from ivr.desk.address import NOWHERE, Address
from ivr.desk.hub import Hub
from ivr.desk.occasions import Event, Occasions
from ivr.desk.signature import HEADER, signature
from ivr.domain.metering import Posting

SENDERS = 4
"""Posts under way at once: one that is slow holds up no other."""
WAITING_MAX = 1000
TRIES_MAX = 8
LATE_S = 30.0
"""An event is told within that time or not at all: by then the agent has asked for the name."""
TIMEOUT_S = 5.0
"""Of one try."""

Backoff = Callable[[int], float]
"""Seconds to wait before try `n`, where the first is 0."""
Count = Callable[[Posting], None]
"""Counts what became of an event."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class WebhookRules:
    """Where events are posted, and how."""

    url: str
    """May hold credentials: it is shown nowhere."""
    secret: bytes = field(repr=False)
    """Of the signature."""
    worker: str
    """The ARI application whose calls are told: every worker tells its own."""
    desk: Address = NOWHERE
    """Where the links of the events lead."""
    timeout_s: float = TIMEOUT_S
    late_s: float = LATE_S


@dataclass(frozen=True, slots=True)
class _Letter:
    body: bytes
    due: float
    """By the event loop's clock."""


class _NotTakenError(Exception):
    """The receiver has not taken an event; `again`: it may take it later."""

    def __init__(self, why: str, *, again: bool) -> None:
        super().__init__(why)
        self.again = again


class Webhook:
    """Posts events, as long as some run `send_forever`."""

    def __init__(
        self, rules: WebhookRules, http: aiohttp.ClientSession, backoff: Backoff, count: Count
    ) -> None:
        self._rules = rules
        self._http = http
        self._backoff = backoff
        self._outage = _Outage(count)
        self._waiting: asyncio.Queue[_Letter] = asyncio.Queue(WAITING_MAX)

    def tell(self, event: Event) -> None:
        """Post an event soon. Never waits, and drops it where too many do."""
        due = asyncio.get_running_loop().time() + self._rules.late_s
        try:
            self._waiting.put_nowait(_Letter(msgspec.json.encode(event), due))
        except asyncio.QueueFull:
            self._outage.lost("too many events wait for the receiver")

    async def sent(self) -> None:
        """Wait until all that was told so far is posted, or given up."""
        await self._waiting.join()

    async def send_forever(self) -> None:
        """Post what is told, one after another."""
        while True:
            letter = await self._waiting.get()
            try:
                await self._send(letter)
            finally:
                self._waiting.task_done()

    async def _send(self, letter: _Letter) -> None:
        try:
            async with asyncio.timeout_at(letter.due):
                await self._until_taken(letter.body)
        except TimeoutError:
            self._outage.lost("it takes too long")
        except _NotTakenError as error:
            self._outage.lost(str(error))
        else:
            self._outage.delivered()

    async def _until_taken(self, body: bytes) -> None:
        for tries in range(1, TRIES_MAX):
            try:
                return await self._post(body)
            except _NotTakenError as error:
                if not error.again:
                    raise
            await asyncio.sleep(self._backoff(tries))
        return await self._post(body)

    async def _post(self, body: bytes) -> None:
        """Post once; `_NotTakenError`, which names neither the address nor the call."""
        headers = {
            "Content-Type": "application/json",
            HEADER: signature(self._rules.secret, int(time.time()), body),
        }
        post = self._http.post(
            self._rules.url,
            data=body,
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=self._rules.timeout_s),
            # Whoever answers for the receiver elsewhere was not named in the configuration.
            allow_redirects=False,
        )
        try:
            async with post as answer:
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _NotTakenError(type(error).__name__, again=True) from error
        if status // 100 != 2:
            raise _NotTakenError(f"HTTP {status}", again=_is_passing(status))


class _Outage:
    """Tells once that the receiver takes nothing, and once that it does again."""

    def __init__(self, count: Count) -> None:
        self._count = count
        self._lost = 0

    def lost(self, why: str) -> None:
        """Note an event that was given up."""
        self._count(Posting.LOST)
        if not self._lost:
            advice = "see whether the receiver at desk.webhook_url runs, and what it logs"
            log.warning("webhook_failing", why=why, advice=advice)
        self._lost += 1

    def delivered(self) -> None:
        """Note an event that was taken."""
        self._count(Posting.DELIVERED)
        if self._lost:
            log.info("webhook_mended", lost=self._lost)
        self._lost = 0


def _is_passing(status: int) -> bool:
    return status >= 500 or status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)


async def tell_program(hub: Hub, webhook: Webhook, worker: str, occasions: Occasions) -> None:
    """Post what happens to a worker's calls, for ever."""
    async with aclosing(hub.of_worker(worker)) as cards:
        async for card in cards:
            for event in occasions.of(card):
                webhook.tell(event)
