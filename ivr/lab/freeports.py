"""Ports nobody listens on, outside the range that the kernel hands out for outgoing connections."""

from __future__ import annotations

import random
import socket
from collections.abc import Sequence

from ivr.lab import LabError

SERVER_PORTS = range(10_000, 20_000)
RTP_PORTS = range(20_000, 32_000)
LOOPBACK = "127.0.0.1"

_TRIES = 50

_given_out: set[int] = set()


def free_port(kind: socket.SocketKind) -> int:
    """Return a loopback port on which nobody listens (`SOCK_STREAM` or `SOCK_DGRAM`).

    No port is given out twice: the server it was found for may not listen on it yet.
    """
    for _ in range(_TRIES):
        port = random.choice(SERVER_PORTS)
        if port not in _given_out and is_free(port, kind):
            _given_out.add(port)
            return port
    raise LabError(f"no free port among {_TRIES} tried in {SERVER_PORTS.start}-{SERVER_PORTS.stop}")


def free_rtp_ports(count: int) -> range:
    """Return `count` UDP ports in a row, an even one first, that look free at both ends."""
    for _ in range(_TRIES):
        first = random.randrange(RTP_PORTS.start, RTP_PORTS.stop - count, 2)
        ports = range(first, first + count)
        if all(is_free(port, socket.SOCK_DGRAM) for port in (ports[0], ports[-1])):
            return ports
    raise LabError(f"no {count} free UDP ports in a row in {RTP_PORTS.start}-{RTP_PORTS.stop}")


def is_free(port: int, kind: socket.SocketKind) -> bool:
    """Say whether a loopback port can be listened on now."""
    with socket.socket(socket.AF_INET, kind) as trial:
        if kind == socket.SOCK_STREAM:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def refuse_taken(ports: Sequence[tuple[str, int, socket.SocketKind]]) -> None:
    """Raise `LabError` naming the first port that is in use; each is (what for, port, kind)."""
    for purpose, port, kind in ports:
        if not is_free(port, kind):
            transport = "TCP" if kind == socket.SOCK_STREAM else "UDP"
            raise LabError(f"{purpose} port {port} ({transport}) on {LOOPBACK} is in use: free it")
