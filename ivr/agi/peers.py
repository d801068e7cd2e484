"""Who may connect: FastAGI asks for no password, so that addresses are all there is to go by."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network


def may_enter(peer: object, allowed: Sequence[Network]) -> bool:
    """Say whether a socket's peer, as asyncio names it, is in one of the networks."""
    if not isinstance(peer, tuple) or not peer:
        return False
    try:
        address = ip_address(str(peer[0]).partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in network for network in allowed)
