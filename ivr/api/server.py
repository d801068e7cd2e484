"""The API as a part of the service: switched on by `[api]`, served beside the calls."""

from __future__ import annotations

import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog
from aiohttp import web

from ivr.api.application import application
from ivr.api.face import Reception
from ivr.api.faces import FACES
from ivr.api.office import ApiOffice
from ivr.api.rate import RateLimit
from ivr.config import ConfigurationError
from ivr.http_door import Door, served
from ivr.settings import Api

log = structlog.get_logger()

SHUTDOWN_S = 10.0
LINE_OCTETS = 64 * 1024
"""Of a request line or header; what is longer is refused before any of our words."""


@asynccontextmanager
async def api_server(settings: Api, office: ApiOffice) -> AsyncIterator[int | None]:
    """Serve the API while inside, and yield its port; None where it is switched off.

    `ConfigurationError` where it cannot listen or its certificate cannot be used.
    """
    if not settings.enabled:
        yield None
        return
    rate = RateLimit(settings.requests_per_s, settings.burst, time.monotonic)
    reception = Reception(office, rate, settings.body_max_octets, url=settings.url)
    runner = served(
        application(reception, FACES),
        "ivr.api.http",
        max_line_size=LINE_OCTETS,
        max_field_size=LINE_OCTETS,
        shutdown_timeout=SHUTDOWN_S,
    )
    await runner.setup()
    try:
        where = settings.host, settings.port
        door = Door(runner, *where, settings.connections_max, _tls(settings))
        port = await _listening(door, runner, settings)
        log.info("api_ready", port=port, tls=bool(settings.tls_certificate))
        yield port
    finally:
        await runner.cleanup()


async def _listening(door: Door, runner: web.AppRunner, settings: Api) -> int:
    try:
        await door.start()
    except OSError as error:
        raise ConfigurationError(
            "api.port", settings.port, f"cannot be listened on at {settings.host}: {error.strerror}"
        ) from error
    return int(runner.addresses[0][1])


def _tls(settings: Api) -> ssl.SSLContext | None:
    """Return the server's side of TLS 1.2 or later; None without a certificate."""
    if bool(settings.tls_certificate) != bool(settings.tls_key):
        raise ConfigurationError(
            "api.tls_key", settings.tls_key, "set api.tls_certificate and api.tls_key, or neither"
        )
    if not settings.tls_certificate:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(Path(settings.tls_certificate), Path(settings.tls_key))
    except OSError as error:
        raise ConfigurationError(
            "api.tls_certificate",
            settings.tls_certificate,
            f"and api.tls_key must be a certificate and its key in PEM: {error}",
        ) from error
    return context
