"""When another program is told of a call: it is offered to an agent, or has its verdict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5

import msgspec

from ivr.desk.address import NOWHERE, Address
from ivr.domain.desk import Card
from ivr.domain.verification import VerificationId

KNOWN_MAX = 10_000
"""More calls than one worker takes while they are on the desk; of the oldest all is forgotten."""


class Occasion(StrEnum):
    """What has happened."""

    OFFERED = "offered"
    DECIDED = "decided"


class Call(msgspec.Struct, frozen=True, omit_defaults=True):
    """A call as `/api/calls/ID` shows it, without attempts, evidence and history."""

    id: str
    number: int
    call: str
    began_at: datetime
    account: str | None = None
    purpose: str | None = None
    state: str | None = None
    verdict: str | None = None
    reason: str | None = None
    explanation: str | None = None
    confidence: int | None = None
    decided_at: datetime | None = None


class Event(msgspec.Struct, frozen=True):
    """What is posted."""

    id: UUID
    """The same whenever the same thing is told."""
    event: Occasion
    tenant: str
    agents: tuple[str, ...]
    """To whom it is offered now; of a verdict, to whom it was offered so far."""
    url: str
    """Opens the call on the desk: a link, or its path where the desk's address is not known."""
    call: Call


@dataclass(frozen=True, slots=True)
class _Known:
    """What was told of a call."""

    agents: frozenset[str] = frozenset()
    decided: bool = False


class Occasions:
    """Finds what is to be told in a call's changes, each thing once."""

    def __init__(self, since: datetime, desk: Address = NOWHERE) -> None:
        """Of what was there before `since` (aware) another process has told."""
        self._since = since
        self._desk = desk
        self._known: dict[VerificationId, _Known] = {}

    def of(self, card: Card) -> tuple[Event, ...]:
        """Return what is to be told of a call as it is now."""
        call = msgspec.json.decode(card.body, type=Call)
        before = self._known.pop(card.verification, None) or self._told_before(card, call)
        now = _Known(before.agents | card.agents, before.decided or call.verdict is not None)
        self._known[card.verification] = now
        if len(self._known) > KNOWN_MAX:
            del self._known[next(iter(self._known))]
        return tuple(self._event(card, call, *each) for each in _between(before, now))

    def _told_before(self, card: Card, call: Call) -> _Known:
        if call.began_at >= self._since:
            return _Known()
        decided = call.decided_at is not None and call.decided_at < self._since
        return _Known(card.agents, decided)

    def _event(self, card: Card, call: Call, occasion: Occasion, agents: frozenset[str]) -> Event:
        names = tuple(sorted(agents))
        return Event(
            id=uuid5(card.verification, " ".join((occasion, *names))),
            event=occasion,
            tenant=card.tenant,
            agents=names,
            url=self._desk.of_call(card.verification),
            call=call,
        )


def _between(before: _Known, now: _Known) -> Iterator[tuple[Occasion, frozenset[str]]]:
    if fresh := now.agents - before.agents:
        yield Occasion.OFFERED, fresh
    if now.decided and not before.decided:
        yield Occasion.DECIDED, now.agents
