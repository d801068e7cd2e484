"""What Asterisk tells of a call before the first command: `agi_NAME: value` lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ivr.agi.errors import MalformedAgiError

PREFIX = "agi_"
UNKNOWN = "unknown"
"""How Asterisk writes a caller's number that it does not know."""


@dataclass(frozen=True, slots=True)
class Environment:
    """One call's beginning."""

    channel: str
    """The channel's unique id, as ARI's channel id."""
    caller_number: str
    """Empty where withheld. Never logged."""
    script: str
    """The path of the dialplan's `agi://host/path?query`: what is asked for."""
    query: tuple[str, ...]
    """The `key=value` pairs of the query, percent-encoded as the dialplan wrote them."""
    values: Mapping[str, str]
    """All lines, the names without their `agi_`."""

    @property
    def arguments(self) -> tuple[str, ...]:
        """The request in the form of `Stasis()` arguments: what, then key=value pairs."""
        return self.script, *self.query


def parse_environment(lines: Sequence[str]) -> Environment:
    """Read the lines up to the empty one; `MalformedAgiError` where they are not Asterisk's."""
    values: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(": ")
        if not line.startswith(PREFIX) or not (colon or line.endswith(":")):
            raise MalformedAgiError("environment", "a line that is not `agi_NAME: value`")
        values[name.removeprefix(PREFIX).removesuffix(":")] = value
    script, _, query = _wanted(values, "network_script").partition("?")
    return Environment(
        channel=_wanted(values, "uniqueid"),
        caller_number=values.get("callerid", "").replace(UNKNOWN, ""),
        script=script.strip("/"),
        query=tuple(pair for pair in query.split("&") if pair),
        values=values,
    )


def _wanted(values: Mapping[str, str], name: str) -> str:
    if not (value := values.get(name, "")):
        raise MalformedAgiError("environment", f"no {PREFIX}{name}")
    return value
