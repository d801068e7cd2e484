"""Ports at which nobody is."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from ivr.lab.freeports import LOOPBACK


@contextmanager
def refusing_port() -> Iterator[int]:
    """Hold a port without listening: who connects is refused, and nobody else can take it."""
    with socket.socket() as held:
        held.bind((LOOPBACK, 0))
        yield int(held.getsockname()[1])
