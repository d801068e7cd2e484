"""What a call's conversation held goes with the call: no error that ended it keeps it."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Awaitable, Callable, Iterator

import pytest

from ivr.ari import AriAddress, AriClient
from ivr.line.leg import Leg
from ivr.ports import CallerHungUpError
from tests.fakes.call import facts


class Voice:
    """Stands for what was said."""


async def _waits(leg: Leg) -> None:
    await leg.through(asyncio.Event().wait())


async def _hears(leg: Leg) -> None:
    await leg.inbox.get()


async def _goes_on(leg: Leg) -> None:
    leg.check()


@pytest.fixture(autouse=True)
def without_collector() -> Iterator[None]:
    """Let nothing but the last reference's end take anything away."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.parametrize("meets", [_waits, _hears, _goes_on])
async def test_nothing_said_outlives_the_call(meets: Callable[[Leg], Awaitable[None]]) -> None:
    """However the conversation met the caller's end."""
    address = AriAddress("http://127.0.0.1:1", "user", "secret", "countersign")
    leg = Leg(AriClient(address), facts())
    held: list[weakref.ref[Voice]] = []

    async def converses(leg: Leg) -> None:
        voice = Voice()
        held.append(weakref.ref(voice))
        await meets(leg)
        del voice

    async def conducted() -> None:
        try:
            await converses(leg)
        except CallerHungUpError:
            return

    if meets is _goes_on:
        leg.hung_up()
    conducting = asyncio.create_task(conducted())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    leg.hung_up()
    await conducting
    assert [each() for each in held] == [None]
