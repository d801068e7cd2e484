"""Our client of the Asterisk REST Interface: typed events, requests, reconnection."""

from ivr.ari.address import AriAddress
from ivr.ari.client import AriClient, Connected, Disconnected, Notice
from ivr.ari.errors import (
    AriAddressError,
    AriError,
    AriRequestError,
    AriTimeoutError,
    AriUnauthorizedError,
    AriUnreachableError,
    ConnectionCutError,
    MalformedEventError,
    MalformedReplyError,
)

__all__ = [
    "AriAddress",
    "AriAddressError",
    "AriClient",
    "AriError",
    "AriRequestError",
    "AriTimeoutError",
    "AriUnauthorizedError",
    "AriUnreachableError",
    "Connected",
    "ConnectionCutError",
    "Disconnected",
    "MalformedEventError",
    "MalformedReplyError",
    "Notice",
]
