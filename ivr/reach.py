"""Searches of so many voices that no evidence would be enough."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import structlog

from engine.errors import OutOfReachError

T = TypeVar("T")

log = structlog.get_logger()


def within_reach(search: Callable[[], T]) -> T | None:
    """Search; None, and a line in the log, where no evidence would be enough to find anybody."""
    try:
        return search()
    except OutOfReachError as error:
        advice = "docs/policy.md: a higher rate for that search, or fewer voices"
        log.warning("search_out_of_reach", why=str(error), advice=advice)
        return None
