"""Another program that is told of calls: a web server that keeps what is posted to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.patience import PATIENCE_S


@dataclass
class Receiver:
    """Answers with `statuses` one after another, then with 204."""

    statuses: Iterator[int] = field(default_factory=lambda: iter(()))
    slow: frozenset[int] = frozenset()
    """Which posts, from 0, are answered only at the end."""
    url: str = ""
    posts: list[tuple[str, bytes]] = field(default_factory=list)
    """Signature and body of each."""
    _came: asyncio.Condition = field(default_factory=asyncio.Condition)
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.StreamResponse:
        """Take a post."""
        assert request.content_type == "application/json"
        body = await request.read()
        # Only now: of several that are read at once each has a number of its own.
        number = len(self.posts)
        self.posts.append((request.headers["Countersign-Signature"], body))
        async with self._came:
            self._came.notify_all()
        if number in self.slow:
            await self._ended.wait()
        return web.Response(status=next(self.statuses, 204), headers={"Location": self.url})

    async def until(self, count: int, call: str | None = None) -> list[Any]:
        """Return the posts' bodies, of one call or of all, as soon as there are so many."""
        async with asyncio.timeout(PATIENCE_S), self._came:
            await self._came.wait_for(lambda: len(self._of(call)) >= count)
        return self._of(call)

    def _of(self, call: str | None) -> list[Any]:
        bodies = [json.loads(body) for _, body in self.posts]
        return [each for each in bodies if call in (None, each["call"]["id"])]

    def end(self) -> None:
        """Answer what waits."""
        self._ended.set()


@asynccontextmanager
async def receiving(receiver: Receiver) -> AsyncIterator[Receiver]:
    """Listen on a free port of this machine."""
    served = web.Application()
    served.router.add_post("/calls", receiver.take)
    runner = web.AppRunner(served, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        receiver.url = f"http://user:pepper@127.0.0.1:{runner.addresses[0][1]}/calls"
        yield receiver
    finally:
        receiver.end()
        await runner.cleanup()
