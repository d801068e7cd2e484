"""What agents ask for reaches the dialplan, by the worker that took the call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import aclosing

import msgspec
import structlog

from ivr.desk.hub import Hub
from ivr.desk.records import CallRecords
from ivr.domain.call import CallId
from ivr.domain.desk import Card, StepUp, StepUpState
from ivr.ports import StoreUnavailableError

log = structlog.get_logger()

Ask = Callable[[CallId, StepUp], Awaitable[StepUpState]]
"""Tells the dialplan what is asked of a caller, and returns how far that has come."""

WANTED, TELLING = StepUpState.WANTED, StepUpState.TELLING


class _Asked(msgspec.Struct):
    state: StepUpState


class _Body(msgspec.Struct):
    step_up: _Asked | None = None


def is_wanted(card: Card) -> bool:
    """Say whether something is asked for in a call that nobody tells yet.

    A card is the call as it was: of one wish there may be many.
    """
    asked = msgspec.json.decode(card.body, type=_Body).step_up
    return asked is not None and asked.state is WANTED


async def tell_dialplan(calls: CallRecords, hub: Hub, worker: str, ask: Ask) -> None:
    """Tell the dialplan what agents ask of this worker's callers, for ever."""
    async with aclosing(hub.of_worker(worker)) as cards:
        async for card in cards:
            if is_wanted(card):
                await _tell(card, calls, ask)


async def _tell(card: Card, calls: CallRecords, ask: Ask) -> None:
    call = card.tenant, card.verification
    try:
        asked = await calls.move_step_up(*call, WANTED, TELLING)
        if asked is None:
            return
        state = await ask(card.call, asked)
        log.info("step_up_asked", call=card.call, asked=asked.value, state=state.value)
        await calls.move_step_up(*call, TELLING, state)
    except StoreUnavailableError as error:
        log.warning("desk_not_told", why=str(error))
