"""Removing what was made in Asterisk: all of it is tried, and what fails is left to the sweep."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

from ivr.ari.errors import AriError

log = structlog.get_logger()


async def tidied(*removals: Coroutine[Any, Any, None]) -> None:
    """Run the removals at once; log those that Asterisk refuses and raise what is no AriError."""
    for outcome in await asyncio.gather(*removals, return_exceptions=True):
        if isinstance(outcome, AriError):
            log.warning("not_removed", why=str(outcome))
        elif isinstance(outcome, BaseException):
            raise outcome
