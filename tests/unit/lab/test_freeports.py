"""Ports: what is free is found, what is taken is named."""

from __future__ import annotations

import socket

import pytest

from ivr.lab import LabError, freeports
from ivr.lab.freeports import RTP_PORTS, free_port, free_rtp_ports, is_free, refuse_taken
from tests.workers import share


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_free_port_can_be_bound_and_then_is_taken(kind: socket.SocketKind) -> None:
    """A port that was found free is free until somebody has it."""
    port = free_port(kind)
    with socket.socket(socket.AF_INET, kind) as taker:
        taker.bind(("127.0.0.1", port))
        if kind == socket.SOCK_STREAM:
            taker.listen()
        assert not is_free(port, kind)
        with pytest.raises(LabError, match=f"SIP port {port} .* is in use"):
            refuse_taken([("SIP", port, kind)])
    refuse_taken([("SIP", port, kind)])


def test_no_port_is_given_out_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks for several at once has them all before any server listens on one."""
    first = next(port for port in range(32_000, 32_700) if _all_free(range(port, port + 3)))
    monkeypatch.setattr(freeports, "SERVER_PORTS", range(first, first + 3))
    given = [free_port(socket.SOCK_STREAM) for _ in range(3)]
    assert sorted(given) == list(freeports.SERVER_PORTS)
    with pytest.raises(LabError, match="no free port"):
        free_port(socket.SOCK_STREAM)


def _all_free(ports: range) -> bool:
    return all(is_free(port, socket.SOCK_STREAM) for port in ports)


def test_rtp_ports_begin_even() -> None:
    """RTP takes the even port of a pair, RTCP the odd one (RFC 3550, clause 11)."""
    ports = free_rtp_ports(10)
    assert (len(ports), ports.start % 2) == (10, 0)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7])
def test_workers_of_the_tests_share_the_ports(count: int) -> None:
    """No port is in two shares, and RTP's first port is even in each."""
    shares = [share(RTP_PORTS, number, count) for number in range(count)]
    every = [port for each in shares for port in each]
    assert len(every) == len(set(every)) > len(RTP_PORTS) - 2 * count
    assert set(every) <= set(RTP_PORTS)
    assert all(each.start % 2 == 0 for each in shares)
