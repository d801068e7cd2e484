"""Who has answered a caller: an agent's names, as the dialplan and Asterisk's events give them."""

from __future__ import annotations

import re

from ivr.ari.events import ChannelVarset, Dial, Event

AGENT_VARIABLE = "COUNTERSIGN_AGENT"
MEMBER_NAME, MEMBER_INTERFACE = "MEMBERNAME", "MEMBERINTERFACE"
"""What app_queue sets on the caller's channel for who answers, with `setinterfacevar = yes`."""

_CHANNEL = re.compile(r"(.+)-[0-9a-f]{8,}(?:;[12])?")
"""`PJSIP/1001-0000002a`, `Local/1001@agents-00000003;1`: an interface and Asterisk's numbers."""


def agents_named(event: Event) -> tuple[str, ...]:
    """Return to whom an event of a caller's channel offers the call; empty where to nobody.

    An agent who has answered has several names, and any may be the one that the desk knows.
    """
    match event:
        case ChannelVarset(variable=variable, value=value) if value:
            return _set(variable, value)
        case Dial(dialstatus="ANSWER"):
            return interface_names(_interface(event.peer.name))
        case _:
            return ()


def interface_names(interface: str) -> tuple[str, ...]:
    """Return `Local/1001@agents/n` as `Local/1001@agents`, `1001@agents` and `1001`."""
    technology, slash, resource = interface.removesuffix("/n").partition("/")
    if not slash or not resource:
        return ()
    return tuple(dict.fromkeys((f"{technology}/{resource}", resource, resource.partition("@")[0])))


def _set(variable: str, value: str) -> tuple[str, ...]:
    if variable in (AGENT_VARIABLE, MEMBER_NAME):
        return (value,)
    return interface_names(value) if variable == MEMBER_INTERFACE else ()


def _interface(channel: str) -> str:
    found = _CHANNEL.fullmatch(channel)
    return found[1] if found else channel
