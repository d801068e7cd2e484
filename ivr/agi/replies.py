"""What Asterisk answers: a code, a result and perhaps a value; or that the caller is gone."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ivr.agi.errors import MalformedAgiError

SUCCESS = 200
DEAD_CHANNEL = 511
"""The command needs a live channel, and the caller has hung up."""
BAD_SYNTAX = 520
HANGUP_LINE = "HANGUP"

_REPLY = re.compile(r"(?P<code>\d{3}) (?:result=(?P<result>-?\d+)(?: \((?P<value>.*)\))?)?.*")


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one command."""

    code: int
    result: int | None = None
    """None where the command was not carried out."""
    value: str | None = None
    """What stands in brackets after the result."""


@dataclass(frozen=True, slots=True)
class HungUp:
    """The caller hung up; commands that need no channel are still taken."""


def parse_reply(line: str) -> Reply | HungUp:
    """Read a reply's only or last line; `MalformedAgiError` is all that it ever raises."""
    if line == HANGUP_LINE:
        return HungUp()
    found = _REPLY.fullmatch(line)
    if found is None:
        raise MalformedAgiError("reply", "no code of three digits")
    code, result = int(found["code"]), found["result"]
    if code == SUCCESS and result is None:
        raise MalformedAgiError("reply", "200 without a result")
    return Reply(code, None if result is None else int(result), found["value"])
