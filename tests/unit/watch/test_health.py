"""Readiness: every check is asked, each has its own patience, and what is wrong is said."""

from __future__ import annotations

import asyncio

from ivr.ports import StoreUnavailableError
from ivr.watch import Health


async def good() -> str:
    """Find nothing wrong."""
    return ""


async def bad() -> str:
    """Find something wrong."""
    return "42 verdicts wait"


async def away() -> str:
    """Fail as a port does."""
    raise StoreUnavailableError("check that PostgreSQL runs")


async def unreadable() -> str:
    """Fail as a disk does."""
    raise PermissionError(13, "Permission denied")


async def hangs() -> str:
    """Never answer."""
    await asyncio.Event().wait()
    raise AssertionError


async def test_each_check_says_what_it_found() -> None:
    """One that fails or hangs hides none of the others."""
    checks = {"a": good, "b": bad, "c": away, "d": unreadable, "e": hangs}
    faults = await Health(checks, timeout_s=0.05).faults()
    assert faults == {
        "a": "",
        "b": "42 verdicts wait",
        "c": "check that PostgreSQL runs",
        "d": "[Errno 13] Permission denied",
        "e": "no answer within 0.05 s",
    }
