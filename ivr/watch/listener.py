"""The HTTP listener of the watch: `/metrics`, `/health/live`, `/health/ready`.

It asks for no credential and tells nothing of a person: loopback, or a network of the operator's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client.exposition import choose_encoder

from ivr.http_door import Door, served
from ivr.watch.health import Health
from ivr.watch.metrics import Metrics
from ivr.watch.present import Present

UNREADY = 503
CONNECTIONS_MAX = 100

Look = Callable[[], Awaitable[Present]]
"""Finds out what the service looks like now; never raises."""


@asynccontextmanager
async def listening(
    host: str, port: int, metrics: Metrics, health: Health, look: Look
) -> AsyncIterator[int]:
    """Listen while the block lasts, and yield the port; `OSError` where it cannot be had.

    Port 0 takes any that is free.
    """
    application = _application(metrics, health, look)
    runner = served(application, "ivr.watch.http")
    await runner.setup()
    try:
        await Door(runner, host, port, CONNECTIONS_MAX).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _application(metrics: Metrics, health: Health, look: Look) -> web.Application:
    async def live(_: web.Request) -> web.Response:
        """The event loop turns: that is what is asked."""
        return web.json_response({"live": True})

    async def ready(_: web.Request) -> web.Response:
        faults = await health.faults()
        good = not any(faults.values())
        checks = {name: fault or "ok" for name, fault in faults.items()}
        return web.json_response({"ready": good, "checks": checks}, status=200 if good else UNREADY)

    async def measured(request: web.Request) -> web.Response:
        metrics.show(await look(), await health.faults())
        encode, form = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(metrics.registry), headers={"Content-Type": form})

    application = web.Application()
    application.router.add_get("/health/live", live)
    application.router.add_get("/health/ready", ready)
    application.router.add_get("/metrics", measured)
    return application
