"""The checks of the webhook: its secret, and whether the receiver can be reached, told nothing."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

from ivr.config import Configuration
from ivr.doctor.finding import Finding, good, warning
from ivr.doctor.parts import OTHERS_MAY_READ

REACH_TIMEOUT_S = 5.0
"""As long as one post may take (docs/desk.md)."""


async def check_webhook(configuration: Configuration) -> AsyncIterator[Finding]:
    """Check secret and receiver where a webhook is set; nothing is found where none is.

    No more than warnings: no call waits for the receiver. The address is not shown, for it may
    hold credentials. A secret that is too short is refused with the configuration.
    """
    desk = configuration.desk
    if not desk.webhook_url:
        return
    yield _secret(desk.webhook_secret_file)
    yield await _receiver(desk.webhook_url)


def _secret(name: str) -> Finding:
    check = "webhook_secret"
    if not name:
        return good(check, "long enough")
    file = Path(name)
    if file.stat().st_mode & OTHERS_MAY_READ:
        return warning(check, f"every user can read {file}", f"chmod 600 {file}")
    return good(check, f"long enough, in {file}")


async def _receiver(url: str) -> Finding:
    """Connect as for a post, TLS included, and hang up before anything is said."""
    check, parts = "webhook", urlsplit(url)
    tls = ssl.create_default_context() if parts.scheme == "https" else None
    port = parts.port or (443 if tls else 80)
    try:
        async with asyncio.timeout(REACH_TIMEOUT_S):
            _, writer = await asyncio.open_connection(parts.hostname, port, ssl=tls)
    except (OSError, TimeoutError) as error:
        return warning(check, *_trouble(error, port))
    writer.transport.abort()
    return good(check, "can be reached, by a good certificate" if tls else "can be reached")


def _trouble(error: Exception, port: int) -> tuple[str, str]:
    """Return what is wrong, and what mends it."""
    match error:
        case ssl.SSLCertVerificationError():
            return (
                f"the receiver's certificate is not believed: {error.verify_message}",
                "give the receiver a certificate for its name, with its chain; for an authority "
                "of your own name its certificate in the service's SSL_CERT_FILE",
            )
        case ssl.SSLError():
            why = f"the receiver speaks no TLS that we know on port {port}: {error.reason}"
            return why, "see that desk.webhook_url names its port for https"
        case socket.gaierror():
            why = "the host of desk.webhook_url has no address"
            return why, "mend its name in desk.webhook_url, or this machine's DNS"
        case TimeoutError():
            why = f"the receiver did not answer on port {port} within {REACH_TIMEOUT_S:g} s"
            return why, "let this machine through the firewalls to it; no proxy is used"
        case _:
            why = f"the receiver cannot be connected to on port {port}: {error}"
            return why, "start it, and see that desk.webhook_url names its host and port"
