"""A slow PostgreSQL is asked again, and one that is away is not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from ivr.storage.errors import StoreSlowError, StoreUnreachableError, address, translated
from ivr.storage.patience import patiently

WHERE = address("postgresql:///voices")


def answers(*given: Exception | int) -> Callable[[], Awaitable[int]]:
    """Answer so, one after the other."""
    left = list(given)

    async def ask() -> int:
        with translated(WHERE):
            answer = left.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

    return ask


async def test_what_is_slow_is_asked_again() -> None:
    """Until it answers."""
    assert await patiently(answers(TimeoutError(), TimeoutError(), 7)) == 7


async def test_patience_ends() -> None:
    """With the error of the last try."""
    with pytest.raises(StoreSlowError, match="no answer in time"):
        await patiently(answers(TimeoutError(), 7), patience_s=0)


async def test_what_is_away_is_told_at_once() -> None:
    """It is no busy machine."""
    with pytest.raises(StoreUnreachableError, match="refused"):
        await patiently(answers(ConnectionRefusedError("refused"), 7))
