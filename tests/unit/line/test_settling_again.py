"""A caller who was overheard and came to us again, before the process that heard him died."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ivr.domain.call import CallId, Purpose
from ivr.line.names import Kind, Names
from ivr.line.overheard import left_to_know
from ivr.line.settling import Settling
from tests.fakes.call import facts
from tests.unit.line.test_settling import (
    APP,
    SNOOP,
    WAITING,
    Exchange,
    exchange,
    following,
    settling,
)

__all__ = ["exchange", "following", "settling"]


@pytest.mark.parametrize("caller", ["1700000000.1", "pbx-1700000000.1"])
async def test_who_waits_for_us_is_no_longer_overheard(
    exchange: Exchange, settling: Settling, caller: str
) -> None:
    """He is sent on, whatever his id: told by SHARED() alone he would wait in silence."""
    known = replace(facts(Purpose.PASSIVE), id=CallId(caller))
    snoop = replace(SNOOP, id=Names(APP).of(Kind.SNOOP, known.id))
    exchange.left = left_to_know(APP, known, None)
    exchange.listed = (caller, snoop.id)
    exchange.channels = (replace(WAITING, id=caller), snoop)
    await settling.settle()
    assert exchange.adopted == [caller]
    assert snoop.id in exchange.hung_up
