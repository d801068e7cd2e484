"""News of calls: written in order, told to whoever listens, together with the verdict."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
import pytest

from engine.types import Llr
from ivr.domain.call import AccountId, CallFacts, CallId, CallRequest, CallState, Purpose
from ivr.domain.claim import Claim, ClaimSource
from ivr.domain.news import News
from ivr.domain.verification import VerificationId
from ivr.storage.administration import ProfileAdministration
from ivr.storage.database import Database
from ivr.storage.desk_calls import DeskCalls
from ivr.storage.desk_feed import desk_feed
from ivr.storage.store import PostgresStore
from tests.patience import PATIENCE_S
from tests.postgres import execute
from tests.unit.storage.records import ACCOUNT, OTHER_TENANT, TENANT, accepted, opening


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was told by the end is written by then, however long it takes here."""
    monkeypatch.setattr(sys.modules[desk_feed.__module__], "LAST_WORDS_S", PATIENCE_S)


def news(**more: Any) -> News:
    """Return news of a call that has just begun."""
    begun = opening()
    return News(TENANT, begun.id, begun.call, begun.worker, Purpose.VERIFY, **more)


async def calls(dsn: str) -> list[dict[str, Any]]:
    """Return what the desk has, by number."""
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch("SELECT * FROM desk_calls ORDER BY number")
        return [dict(row) | {"news": json.loads(row["news"])} for row in rows]
    finally:
        await connection.close()


async def test_what_is_told_adds_up(database: Database, database_dsn: str) -> None:
    """The newest of each key stands; agents add up; what is not said changes nothing."""
    claim = Claim(TENANT, ACCOUNT, ClaimSource.DIALPLAN)
    first = news(agents=("1001",), state=CallState.ARRIVED)
    async with desk_feed(database) as feed:
        feed.tell(first)
        feed.tell(replace(first, claim=claim, llr=Llr(1.234), state=None))
        feed.tell(
            replace(first, agents=("1002",), llr=Llr(float("nan")), state=CallState.LISTENING)
        )
    (call,) = await calls(database_dsn)
    assert sorted(call["agents"]) == ["1001", "1002"]
    assert call["claim_account"] == ACCOUNT
    assert call["number"] == 3
    assert call["news"] == {
        "purpose": "verify",
        "claim_source": "dialplan",
        "llr": 1.23,
        "state": "listening",
    }


async def test_states_belong_to_the_call_that_was_told_of(
    database: Database, database_dsn: str
) -> None:
    """A state of a call that nobody told of is nobody's."""
    first = news()
    request = CallRequest(Purpose.VERIFY, TENANT, None, "en-US")
    async with desk_feed(database) as feed:
        feed.tell(first)
        feed.watch(CallFacts(first.call, "", request), CallState.CHECKING)
        feed.watch(CallFacts(CallId("another"), "", request), CallState.LISTENING)
        feed.watch(CallFacts(first.call, "", request), CallState.RELEASED)
        feed.watch(CallFacts(first.call, "", request), CallState.LISTENING)
    (call,) = await calls(database_dsn)
    assert call["news"]["state"] == "released"


async def test_a_verdict_is_told_with_the_transaction_that_writes_it(
    database: Database, database_dsn: str, postgres_store: PostgresStore
) -> None:
    """Whoever listens hears the number once the verdict can be read, and not before."""
    begun, heard = opening(), asyncio.Queue[str]()
    async with desk_feed(database) as feed:
        feed.tell(News(TENANT, begun.id, begun.call, begun.worker))
    listener = await asyncpg.connect(database_dsn)
    try:
        await listener.add_listener("countersign_desk", lambda *told: heard.put_nowait(told[3]))
        await postgres_store.close(accepted(begun))
        async with asyncio.timeout(PATIENCE_S):
            assert await heard.get() == f"2 {TENANT}"
        written = "SELECT verdict FROM verifications WHERE id = $1"
        assert await listener.fetchval(written, begun.id) == "ACCEPT"
        await postgres_store.close(accepted(begun))
        assert heard.empty()
    finally:
        await listener.close()


async def test_numbers_are_committed_in_their_order(database: Database, database_dsn: str) -> None:
    """Many calls at once: whoever sees a number has seen every smaller one."""
    async with desk_feed(database) as one, desk_feed(database) as other:
        for _ in range(10):
            one.tell(replace(news(), verification=VerificationId(uuid4())))
            other.tell(replace(news(), verification=VerificationId(uuid4())))
    assert [call["number"] for call in await calls(database_dsn)] == list(range(1, 21))


async def test_a_caller_who_goes_on_is_shown_to_who_answers(
    database: Database, database_dsn: str
) -> None:
    """The channel's last call, and what comes after it; who has left is gone from all of them."""
    first = news(agents=("1001",), state=CallState.RELEASED)
    second = replace(first, verification=VerificationId(uuid4()), agents=())
    facts = CallFacts(first.call, "", CallRequest(Purpose.VERIFY, TENANT, None, "en-US"))
    async with desk_feed(database) as feed:
        feed.offered(facts, ("quick",))
        feed.tell(first)
        feed.offered(facts, ("PJSIP/1002", "1002"))
        feed.offered(facts, ())
        feed.tell(second)
        feed.left(facts)
    one, other = await calls(database_dsn)
    assert (
        sorted(one["agents"]) == sorted(other["agents"]) == ["1001", "1002", "PJSIP/1002", "quick"]
    )
    assert (one["news"]["state"], other["news"]["state"]) == ("gone", "gone")
    assert one["number"] != other["number"]


async def test_an_agent_is_offered_calls_of_his_tenant_alone(
    database: Database, database_dsn: str
) -> None:
    """A channel that is sent on to another tenant takes no agent's name along."""
    request = CallRequest(Purpose.VERIFY, OTHER_TENANT, None, "en-US")
    first = news(state=CallState.ARRIVED)
    async with desk_feed(database) as feed:
        feed.offered(CallFacts(first.call, "", request), ("1001",))
        feed.tell(first)
    (call,) = await calls(database_dsn)
    assert call["agents"] == []


async def test_the_desk_tells_times_in_utc(database_dsn: str) -> None:
    """Whatever the server's zone: by these texts the page has the newest call first."""
    name = urlsplit(database_dsn).path.removeprefix("/")
    await execute(database_dsn, f"ALTER DATABASE {name} SET timezone TO 'Asia/Kolkata'")
    async with await Database.connect(database_dsn) as database:
        async with desk_feed(database) as feed:
            feed.tell(news())
        (card,) = await DeskCalls(database).cards(TENANT, 0, None)
    assert json.loads(card.body)["began_at"].endswith("+00:00")


async def test_an_erased_person_is_off_the_desk(database: Database, database_dsn: str) -> None:
    """The account goes with the person, here too."""
    claim = Claim(TENANT, AccountId("77"), ClaimSource.KEYED)
    async with desk_feed(database) as feed:
        feed.tell(news(claim=claim))
    await ProfileAdministration(database).erase(TENANT, AccountId("77"), who="ann", why="asked")
    assert await calls(database_dsn) == []
