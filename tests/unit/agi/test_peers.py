"""Who may connect."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from ivr.agi.peers import may_enter

ALLOWED = (ip_network("127.0.0.1"), ip_network("10.1.0.0/24"), ip_network("::1"))


@pytest.mark.parametrize(
    "peer",
    [("127.0.0.1", 4), ("10.1.0.77", 4), ("::1", 4, 0, 0), ("::ffff:10.1.0.77", 4, 0, 0)],
)
def test_allowed_addresses_enter(peer: object) -> None:
    """Addresses and networks, IPv4 as IPv6 shows it too."""
    assert may_enter(peer, ALLOWED)


@pytest.mark.parametrize(
    "peer", [("127.0.0.2", 4), ("10.1.1.1", 4), ("fe80::1%eth0", 4, 0, 2), "", None, ("x", 1)]
)
def test_others_do_not(peer: object) -> None:
    """Nor what is no address at all."""
    assert not may_enter(peer, ALLOWED)
