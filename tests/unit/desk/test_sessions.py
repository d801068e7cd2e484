"""The door of the desk under a rush: passwords are tried in parallel no more often than in turn."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from ivr.desk import hash_password
from ivr.desk.sessions import (
    FAILURES_MAX,
    WAITING_MAX,
    Sessions,
    TooManyFailuresError,
    TooManyWaitingError,
)
from ivr.domain.call import TenantId
from ivr.domain.desk import DeskUser, Role

PASSWORD = "correct horse battery"
KEPT = hash_password(PASSWORD, cost=16)
ANN = DeskUser("ann", TenantId("default"), Role.AGENT, "SIP/ann")


@dataclass
class OneUser:
    """Records in which there is Ann."""

    asked: int = 0
    signed_in: list[DeskUser] = field(default_factory=list)

    async def find(self, name: str) -> tuple[DeskUser, str] | None:
        """Return Ann."""
        self.asked += 1
        await asyncio.sleep(0)
        return (ANN, KEPT) if name == ANN.name else None

    async def sign_in(self, user: DeskUser, *_: object) -> bool:
        """Note who came in."""
        self.signed_in.append(user)
        return True


@pytest.fixture
def users() -> OneUser:
    """Ann's records."""
    return OneUser()


@pytest.fixture
def sessions(users: OneUser) -> Sessions:
    """The door."""
    return Sessions(users, timedelta(hours=1), time.monotonic)  # type: ignore[arg-type]  # in part


async def test_parallel_guesses_are_no_more_than_those_in_turn(
    sessions: Sessions, users: OneUser
) -> None:
    """What is being looked at counts: the right one among the rest is not even tried."""
    guesses = [f"guess {number}" for number in range(30)] + [PASSWORD]
    tried = [sessions.sign_in("ann", guess) for guess in guesses]
    found = await asyncio.gather(*tried, return_exceptions=True)
    assert found[:FAILURES_MAX] == [None] * FAILURES_MAX
    assert all(isinstance(each, TooManyFailuresError) for each in found[FAILURES_MAX:])
    assert (users.asked, users.signed_in) == (FAILURES_MAX, [])


async def test_a_rush_of_many_names_is_sent_away(sessions: Sessions) -> None:
    """Rather than made wait; afterwards the door is as before."""
    tried = [sessions.sign_in(f"nobody {number}", PASSWORD) for number in range(WAITING_MAX + 5)]
    found = await asyncio.gather(*tried, return_exceptions=True)
    assert found[:WAITING_MAX] == [None] * WAITING_MAX
    assert all(isinstance(each, TooManyWaitingError) for each in found[WAITING_MAX:])
    assert await sessions.sign_in("ann", PASSWORD) is not None
