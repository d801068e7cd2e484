"""How a conversation that could not be held ends: each failure has its reason, none is silent."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

import structlog

from ivr.domain.call import CallState
from ivr.ports import (
    Call,
    CallerHungUpError,
    CallLostError,
    PortError,
    RateUnreachableError,
    StoreUnavailableError,
)

log = structlog.get_logger()

Outcome = TypeVar("Outcome")


@dataclass(frozen=True, slots=True)
class Endings(Generic[Outcome]):
    """The outcomes of a conversation that was cut off."""

    hung_up: Outcome
    unavailable: Outcome


async def held(
    conversation: Awaitable[Outcome], endings: Endings[Outcome], limit_s: float
) -> Outcome:
    """Hold the conversation; where it is cut off, return the ending that says by whom."""
    try:
        async with asyncio.timeout(limit_s):
            return await conversation
    except CallerHungUpError:
        return endings.hung_up
    except (CallLostError, StoreUnavailableError, RateUnreachableError) as error:
        log.warning("call_cut_off", error=type(error).__name__, why=str(error))
    except TimeoutError:
        log.warning("call_too_long", limit_s=limit_s)
    except asyncio.CancelledError:
        # The program is told to stop at once. The conversation ends, its verdict is still written.
        log.warning("call_cut_off", error="CancelledError", why="the program was told to stop")
    except Exception:
        # The last line of defence: a fault of ours must not leave the caller without a verdict.
        log.exception("call_failed")
    return endings.unavailable


async def finished(work: Coroutine[None, None, Outcome]) -> Outcome:
    """Do the work to its end though the task be cancelled: what is written must also be told."""
    task = asyncio.ensure_future(work)
    while not task.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait({task})
    return task.result()


def told_to_stop() -> bool:
    """Whether the task at hand was cancelled, though what it does is done to its end."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def tag_left(call: Call) -> UUID | None:
    """Return the id of the record that the process before us wrote on the channel, if it did."""
    try:
        return await call.tagged()
    except PortError as error:
        log.warning("tag_not_read", why=str(error))
        return None


async def release(call: Call, variables: Mapping[str, str]) -> float | None:
    """Hand the caller back to the dialplan and return when, in seconds of the loop's clock.

    None where the caller is no longer there.
    """
    try:
        await call.release(variables)
    except CallerHungUpError:
        await call.note(CallState.GONE)
        return None
    except CallLostError as error:
        log.warning("call_not_released", why=str(error))
        await call.note(CallState.GONE)
        return None
    continued_at_s = asyncio.get_running_loop().time()
    await call.note(CallState.RELEASED)
    return continued_at_s
