"""What another program is told of a call, and what it is told but once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from uuid import UUID, uuid4

import msgspec
import pytest

from ivr.desk.address import Address
from ivr.desk.occasions import KNOWN_MAX, Occasions
from ivr.domain.call import CallId
from ivr.domain.desk import Card
from ivr.domain.verification import VerificationId
from tests.unit.storage.records import TENANT, WORKER

BEGAN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CALL = VerificationId(UUID("6a1f9b0e-6f9d-4c5e-9d3f-0d6a7c9b1e21"))
NOTHING: Mapping[str, str] = MappingProxyType({})
DECIDED = {"verdict": "ACCEPT", "reason": "MATCH", "decided_at": "2026-01-02T03:04:14+00:00"}


def card(
    agents: tuple[str, ...] = (), shown: Mapping[str, str] = NOTHING, call: VerificationId = CALL
) -> Card:
    """Return a call as the desk's store shows it."""
    body = {"id": str(call), "number": 7, "call": "1.1", "began_at": BEGAN.isoformat(), **shown}
    return Card(7, call, TENANT, CallId("1.1"), WORKER, frozenset(agents), json.dumps(body))


def told(occasions: Occasions, shown: Card) -> list[tuple[str, tuple[str, ...]]]:
    """Return what is told of a call, and for whom."""
    return [(each.event.value, each.agents) for each in occasions.of(shown)]


def test_each_agent_and_the_verdict_are_told_once() -> None:
    """The desk's store tells of far more, such as every attempt."""
    occasions = Occasions(BEGAN)
    assert told(occasions, card(shown={"state": "listening"})) == []
    assert told(occasions, card(("1001",))) == [("offered", ("1001",))]
    assert told(occasions, card(("1001",), {"state": "checking"})) == []
    assert told(occasions, card(("1001",), DECIDED)) == [("decided", ("1001",))]
    assert told(occasions, card(("1001", "1002"), DECIDED)) == [("offered", ("1002",))]
    assert told(occasions, card(("1001", "1002"), DECIDED | {"state": "gone"})) == []


@pytest.mark.parametrize("address", ["", "https://desk.example.org"])
def test_the_link_opens_the_call(address: str) -> None:
    """It is a whole one where the desk's address is known, else the path."""
    (event,) = Occasions(BEGAN, Address(address)).of(card(("1001",)))
    assert event.url == f"{address}/?call={CALL}"


def test_what_comes_together_is_told_in_its_order() -> None:
    """The desk's store may show two changes as one."""
    both = [("offered", ("1001",)), ("decided", ("1001",))]
    assert told(Occasions(BEGAN), card(("1001",), DECIDED)) == both


def test_a_verdict_that_no_agent_waits_for_is_told_too() -> None:
    """The receiver may want it for its own records."""
    assert told(Occasions(BEGAN), card(shown=DECIDED)) == [("decided", ())]


@pytest.mark.parametrize(("verdict_after_s", "expected"), [(-1, []), (1, [("decided", ("1001",))])])
def test_what_was_before_a_restart_is_not_told_again(
    verdict_after_s: int, expected: list[tuple[str, tuple[str, ...]]]
) -> None:
    """The store shows the calls of twelve hours; a verdict of a call that was left is new."""
    since = BEGAN + timedelta(minutes=1)
    decided = DECIDED | {"decided_at": (since + timedelta(seconds=verdict_after_s)).isoformat()}
    occasions = Occasions(since)
    assert told(occasions, card(("1001",), decided)) == expected
    assert told(occasions, card(("1001", "1002"), decided)) == [("offered", ("1002",))]


def test_the_same_event_has_the_same_id_in_any_process() -> None:
    """A receiver knows by it what it has already."""
    first, again = (Occasions(BEGAN).of(card(("1001",), DECIDED)) for _ in range(2))
    assert [each.id for each in first] == [each.id for each in again]
    assert len({each.id for each in first}) == 2


def test_evidence_and_history_stay_on_the_desk() -> None:
    """A receiver gets what it pops, and no more."""
    more = DECIDED | {"account": "4711", "attempts": "of it", "history": "before it"}
    (event,) = Occasions(BEGAN).of(card(shown=more))
    sent = json.loads(msgspec.json.encode(event))
    assert set(sent) == {"id", "event", "tenant", "agents", "url", "call"}
    kept = {"id", "number", "call", "began_at", "account", "verdict", "reason", "decided_at"}
    assert set(sent["call"]) == kept
    assert sent["url"] == f"/?call={CALL}"


def test_what_is_known_of_old_calls_is_forgotten() -> None:
    """A worker runs for months."""
    occasions = Occasions(BEGAN)
    assert told(occasions, card(("1001",)))
    for _ in range(KNOWN_MAX):
        occasions.of(card(call=VerificationId(uuid4())))
    assert told(occasions, card(("1001",)))
