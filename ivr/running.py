"""Runs the service until it is told to stop, and lets the calls at hand come to their end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence

import structlog

from ivr.line.switchboard import Switchboard

log = structlog.get_logger()

Drain = Callable[[], Awaitable[None]]
"""Takes no new calls, and returns when the last one is over."""


async def run(switchboard: Switchboard, drains: Sequence[Drain], drain_s: float) -> None:
    """Take calls until a signal, then finish those at hand, for so long or until a second one."""
    signals = stop_signals()
    running = asyncio.create_task(switchboard.run())
    stopping = asyncio.create_task(signals.get())
    log.info("service_ready")
    try:
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await ended(stopping)
    if not running.done():
        log.info("service_stopping", calls=len(switchboard.calls))
    await _drained(switchboard, drains, signals, drain_s)
    await ended(running)
    log.info("service_stopped")


async def _drained(
    switchboard: Switchboard,
    drains: Sequence[Drain],
    signals: asyncio.Queue[signal.Signals],
    drain_s: float,
) -> None:
    """Wait until the last call is over, but no longer than that, and not after another signal."""
    draining = asyncio.create_task(_all(drains))
    again = asyncio.create_task(signals.get())
    either = {draining, again}
    await asyncio.wait(either, timeout=drain_s, return_when=asyncio.FIRST_COMPLETED)
    if not draining.done():
        why = "told to stop at once" if again.done() else f"not over after {drain_s:g} s"
        log.warning("calls_cut_off", calls=len(switchboard.calls), why=why)
    await ended(draining)
    await ended(again)


async def _all(drains: Sequence[Drain]) -> None:
    await asyncio.gather(*(drain() for drain in drains))


def stop_signals() -> asyncio.Queue[signal.Signals]:
    """Return where each SIGTERM and SIGINT arrives."""
    signals: asyncio.Queue[signal.Signals] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, signals.put_nowait, number)
    return signals


async def ended(task: asyncio.Task[None] | asyncio.Task[signal.Signals]) -> None:
    """Let a task end, cancelling it if it has not; raise what it raised."""
    if not task.done():
        task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.result()
