"""Whether calls can be taken now: a few real checks, each with its own short patience."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from ivr.ports import PortError

CHECK_TIMEOUT_S = 3.0
"""Shorter than a prober's usual patience, longer than the database's 2 s."""

Check = Callable[[], Awaitable[str]]
"""Returns what is wrong, or nothing; may raise `PortError` or `OSError` instead."""

Checks = Mapping[str, Check]
"""By the name of what is checked."""


class Health:
    """The checks of one service."""

    def __init__(self, checks: Checks, timeout_s: float = CHECK_TIMEOUT_S) -> None:
        self._checks = dict(checks)
        self._timeout_s = timeout_s

    async def faults(self) -> dict[str, str]:
        """Return for each check what is wrong, and an empty string where nothing is."""
        found = await asyncio.gather(*map(self._fault, self._checks.values()))
        return dict(zip(self._checks, found, strict=True))

    async def _fault(self, check: Check) -> str:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await check()
        except TimeoutError:
            return f"no answer within {self._timeout_s:g} s"
        except (PortError, OSError) as error:
            return str(error) or type(error).__name__
