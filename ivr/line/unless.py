"""Waiting that the end of a call interrupts."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from copy import copy
from typing import Any, TypeVar

from ivr.ports import PortError

Result = TypeVar("Result")
Error = TypeVar("Error", bound=PortError)


async def unless(end: asyncio.Future[PortError], work: Coroutine[Any, Any, Result]) -> Result:
    """Return the result of `work`, unless `end` comes first: then cancel it and raise the end."""
    task = asyncio.ensure_future(work)
    either: set[asyncio.Future[Any]] = {task, end}
    try:
        if not end.done():
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise told(end.result())
    finally:
        await _dropped(task)
        # What was awaited would keep this frame, and all that called it.
        del task, either


def told(error: Error) -> Error:
    """Return how a call ended as a new error, to be raised.

    The one that is kept must never be: it would keep what the conversation held, voices too, for as
    long as the call is kept.
    """
    return copy(error)


async def _dropped(task: asyncio.Future[Any]) -> None:
    if not task.done():
        task.cancel()
        await asyncio.wait({task})
    if not task.cancelled():
        task.exception()
