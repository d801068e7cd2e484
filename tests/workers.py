"""Several tests at a time: what a worker of pytest-xdist has for itself."""

from __future__ import annotations

import os

from ivr.lab import freeports


def take_own_ports() -> None:
    """Choose ports out of a share that no other worker chooses from.

    Until a server listens on the port that was found free for it, another could find it free, too.
    """
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    count = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    freeports.SERVER_PORTS = share(freeports.SERVER_PORTS, number, count)
    freeports.RTP_PORTS = share(freeports.RTP_PORTS, number, count)


def share(ports: range, number: int, count: int) -> range:
    """Return one of `count` parts of a range, which begins evenly as the range does."""
    size = len(ports) // count // 2 * 2
    return ports[number * size : (number + 1) * size]
