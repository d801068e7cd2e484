"""The webhook over real HTTP: signed, tried again, and never in the way."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import aiohttp
import msgspec
import pytest
from structlog.testing import capture_logs

from ivr.ari.backoff import full_jitter
from ivr.desk import WebhookRules, asking_part, webhook_part
from ivr.desk.occasions import Call, Event, Occasion
from ivr.desk.signature import signature
from ivr.desk.webhook import SENDERS, TRIES_MAX, WAITING_MAX, Webhook
from ivr.domain.call import AccountId, CallState, Purpose
from ivr.domain.claim import Claim, ClaimSource
from ivr.domain.metering import Posting
from ivr.domain.news import News
from ivr.domain.verification import Opening
from ivr.storage.database import Database
from ivr.storage.desk_calls import DeskCalls
from ivr.storage.desk_feed import desk_feed
from ivr.storage.store import PostgresStore
from tests.ports import refusing_port
from tests.unit.desk.receiver import Receiver, receiving
from tests.unit.desk.site import Line
from tests.unit.documents import ROOT, blocks
from tests.unit.storage.records import TENANT, WORKER, accepted, opening

SECRET = b"a secret of the tests"


def rules_of(receiver: Receiver) -> WebhookRules:
    """Return the rules by which it is told."""
    return WebhookRules(receiver.url, SECRET, WORKER)


def at_once(_: int) -> float:
    """Wait for nothing between two tries."""
    return 0.0


def event(account: str = "4711") -> Event:
    """Return an event of some call."""
    now, number = datetime.now(UTC), uuid4()
    call = Call(str(number), 1, "1.1", now, account=account)
    return Event(uuid4(), Occasion.OFFERED, TENANT, ("1001",), f"/?call={number}", call)


def listening(begun: Opening) -> News:
    """Return news of a call that is offered to an agent."""
    claim = Claim(begun.tenant, AccountId("4711"), ClaimSource.DIALPLAN)
    news = News(begun.tenant, begun.id, begun.call, begun.worker, Purpose.VERIFY)
    return replace(news, agents=("1001",), state=CallState.LISTENING, claim=claim)


class Posts(Counter[Posting]):
    """Counts what became of events."""

    def add(self, posting: Posting) -> None:
        """Count one."""
        self[posting] += 1


@asynccontextmanager
async def opened(
    rules: WebhookRules, posts: Posts, senders: int = SENDERS
) -> AsyncIterator[Webhook]:
    """Open a webhook that sends."""
    async with aiohttp.ClientSession() as http:
        webhook = Webhook(rules, http, at_once, posts.add)
        sending = [asyncio.create_task(webhook.send_forever()) for _ in range(senders)]
        yield webhook
        for task in sending:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)


def documented() -> dict[str, Any]:
    """Return the names that the document's example of a check defines."""
    names: dict[str, Any] = {}
    (block,) = (each for each in blocks(ROOT / "docs" / "desk.md") if "def is_genuine" in each.text)
    exec(compile(block.text, block.where, "exec"), names)
    return names


def test_the_signature_is_as_it_is_described() -> None:
    """HMAC-SHA256 of the time, a full stop and the body; the number is what OpenSSL says."""
    assert signature(b"0123456789abcdef", 1767323045, b'{"id": 1}') == (
        "t=1767323045,v1=746951d524e7e0a3534ef0bb6d4fc67bfe5b5ac2a3c8defe8f65c52f90844256"
    )


def test_the_body_is_as_it_is_described() -> None:
    """The document's example is an event, with every key that one can have."""
    (block,) = (
        each for each in blocks(ROOT / "docs" / "desk.md") if "Countersign-Signature" in each.text
    )
    body = json.loads(block.text.partition("\n\n")[2])
    assert json.loads(msgspec.json.encode(msgspec.convert(body, Event))) == body
    assert set(body["call"]) == set(Call.__struct_fields__)


async def test_a_receiver_can_check_who_posts_as_the_document_shows() -> None:
    """With another secret, another body or an old time it is not genuine."""
    is_genuine = documented()["is_genuine"]
    async with receiving(Receiver()) as receiver, opened(rules_of(receiver), Posts()) as webhook:
        webhook.tell(event())
        await webhook.sent()
    ((signed, body),) = receiver.posts
    assert is_genuine(SECRET, signed, body)
    assert not is_genuine(b"another secret", signed, body)
    assert not is_genuine(SECRET, signed, body + b" ")
    old = signature(SECRET, int(time.time()) - 3600, body)
    assert not is_genuine(SECRET, old, body)


@pytest.mark.parametrize("status", [500, 503, 408, 429])
async def test_what_a_receiver_cannot_take_now_is_posted_again(status: int) -> None:
    """The same body, and no outage: nobody is to do anything about it."""
    posts = Posts()
    receiver = Receiver(iter((status, status)))
    with capture_logs() as logs:
        async with receiving(receiver), opened(rules_of(receiver), posts) as webhook:
            webhook.tell(event())
            await webhook.sent()
    assert len(receiver.posts) == 3
    assert len({body for _, body in receiver.posts}) == 1
    assert posts == {Posting.DELIVERED: 1}
    assert logs == []


@pytest.mark.parametrize("status", [400, 401, 302])
async def test_what_a_receiver_refuses_is_not_posted_again(status: int) -> None:
    """It would be refused again; nor is anything sent where a redirect points to."""
    posts = Posts()
    receiver = Receiver(iter((status,)))
    async with receiving(receiver), opened(rules_of(receiver), posts) as webhook:
        webhook.tell(event())
        await webhook.sent()
    assert len(receiver.posts) == 1
    assert posts == {Posting.LOST: 1}


async def test_an_outage_is_told_once_without_saying_who_called() -> None:
    """Nor with what the receiver is reached; and once when it is over."""
    posts = Posts()
    receiver = Receiver(iter([500] * 3 * TRIES_MAX))
    with capture_logs() as logs:
        async with receiving(receiver), opened(rules_of(receiver), posts, senders=1) as webhook:
            for _ in range(4):
                webhook.tell(event(account="a person"))
            await webhook.sent()
    assert posts == {Posting.LOST: 3, Posting.DELIVERED: 1}
    failing, mended = logs
    assert (failing["event"], failing["why"]) == ("webhook_failing", "HTTP 500")
    assert (mended["event"], mended["lost"]) == ("webhook_mended", 3)
    assert not any(word in str(logs) for word in ("a person", "pepper", "127.0.0.1"))


async def test_a_receiver_that_is_not_there_is_an_outage() -> None:
    """Nobody listens: that is said by the kind of the error alone."""
    posts = Posts()
    with refusing_port() as port, capture_logs() as logs:
        rules = rules_of(Receiver(url=f"http://127.0.0.1:{port}/calls"))
        async with opened(rules, posts) as webhook:
            webhook.tell(event())
            await webhook.sent()
    assert posts == {Posting.LOST: 1}
    assert [each["why"] for each in logs] == ["ClientConnectorError"]


async def test_a_slow_answer_holds_up_nothing_else() -> None:
    """What is told after it arrives while it is waited for."""
    receiver, posts = Receiver(slow=frozenset({0})), Posts()
    async with receiving(receiver), opened(rules_of(receiver), posts) as webhook:
        for _ in range(10):
            webhook.tell(event())
        await receiver.until(10)
        receiver.end()
        await webhook.sent()
    assert posts == {Posting.DELIVERED: 10}


async def test_an_answer_that_does_not_come_is_not_waited_for() -> None:
    """The try is given up, and the next one succeeds."""
    receiver, posts = Receiver(slow=frozenset({0})), Posts()
    async with receiving(receiver):
        # Long enough that the next try, which nothing keeps waiting, is in time.
        rules = replace(rules_of(receiver), timeout_s=2.0)
        async with opened(rules, posts) as webhook:
            webhook.tell(event())
            await webhook.sent()
    assert len(receiver.posts) == 2
    assert posts == {Posting.DELIVERED: 1}


async def test_what_is_late_is_not_told() -> None:
    """The agent has asked for the name by then."""
    receiver, posts = Receiver(slow=frozenset({0})), Posts()
    async with receiving(receiver):
        rules = replace(rules_of(receiver), late_s=0.2)
        async with opened(rules, posts, senders=1) as webhook:
            webhook.tell(event())
            webhook.tell(event())
            await webhook.sent()
    assert posts == {Posting.LOST: 2}


async def test_no_more_waits_than_there_is_room_for() -> None:
    """More is dropped and counted; whoever tells is never kept waiting."""
    posts = Posts()
    async with opened(WebhookRules("", SECRET, WORKER), posts, senders=0) as webhook:
        for _ in range(WAITING_MAX + 2):
            webhook.tell(event())
    assert posts == {Posting.LOST: 2}


async def test_a_call_is_told_from_the_database_on(
    database: Database, postgres_store: PostgresStore
) -> None:
    """It is offered, and it has its verdict; a call of another worker is that worker's to tell."""
    posts = Posts()
    async with (
        receiving(Receiver()) as receiver,
        desk_feed(database) as feed,
        asking_part(DeskCalls(database), WORKER, Line().ask) as hub,
        webhook_part(rules_of(receiver), hub, full_jitter, posts.add),
    ):
        feed.tell(listening(opening(worker="another")))
        begun = opening()
        feed.tell(listening(begun))
        (offered,) = await receiver.until(1)
        await postgres_store.close(accepted(begun))
        decided = (await receiver.until(2))[1]
    assert (offered["event"], offered["agents"]) == ("offered", ["1001"])
    assert (offered["call"]["account"], offered["call"]["state"]) == ("4711", "listening")
    assert (decided["event"], decided["call"]["verdict"]) == ("decided", "ACCEPT")
    assert decided["url"] == f"/?call={begun.id}"
    assert len(receiver.posts) == 2
    assert posts == {Posting.DELIVERED: 2}
