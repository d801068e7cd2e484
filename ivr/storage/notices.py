"""What PostgreSQL notifies, over a connection of its own that is made anew where it breaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import asyncpg
import structlog

from ivr.ports import StoreUnavailableError

if TYPE_CHECKING:
    from ivr.storage.database import Connection

AGAIN_S = 0.5
"""Between two tries to connect."""

log = structlog.get_logger()


async def heard(connection: Connection, channel: str) -> AsyncGenerator[str | None, None]:
    """Yield None and then the payloads that come on a channel, until the connection breaks."""
    told: asyncio.Queue[str | None] = asyncio.Queue()

    def take(_connection: Any, _process: int, _channel: str, payload: object) -> None:
        told.put_nowait(str(payload))

    def broken(_connection: Any) -> None:
        told.put_nowait(None)

    connection.add_termination_listener(broken)
    await connection.add_listener(channel, take)
    try:
        yield None
        while (payload := await told.get()) is not None:
            yield payload
    finally:
        # Of a connection that broke the pool has taken everything back already.
        with suppress(asyncpg.InterfaceError):
            connection.remove_termination_listener(broken)
            await connection.remove_listener(channel, take)


async def pause(error: StoreUnavailableError) -> None:
    """Say why nothing is heard, and wait a little."""
    log.warning("notices_lost", why=str(error))
    await asyncio.sleep(AGAIN_S)
