"""One FastAGI connection without a socket: bytes in, values out; one command at a time."""

from __future__ import annotations

from enum import Enum, auto

from ivr.agi.commands import Command
from ivr.agi.environment import PREFIX, Environment, parse_environment
from ivr.agi.errors import MalformedAgiError, OutOfTurnError
from ivr.agi.replies import BAD_SYNTAX, HungUp, Reply, parse_reply

BUFFER_MAX_BYTES = 65_536
"""An environment has about 1 kB, a reply less than 3 kB."""
ENVIRONMENT_MAX_LINES = 200

Arrived = Environment | Reply | HungUp

USAGE_BEGINS, USAGE_ENDS = "520-", "520 "
"""Around the lines that explain a command which was given wrongly."""


class Turn(Enum):
    """Whose turn it is."""

    ENVIRONMENT = auto()
    """Asterisk tells of the call."""
    OURS = auto()
    """We may give a command."""
    THEIRS = auto()
    """A reply is due."""
    USAGE = auto()
    """A reply of several lines is under way."""


class AgiProtocol:
    """The order of things on one connection."""

    def __init__(self) -> None:
        """Begin where Asterisk has just connected."""
        self.turn = Turn.ENVIRONMENT
        self._buffer = b""
        self._lines: list[str] = []

    def give(self, command: Command) -> bytes:
        """Return what to send; `OutOfTurnError` where it is not our turn."""
        if self.turn is not Turn.OURS:
            raise OutOfTurnError
        line = command.encode()
        self.turn = Turn.THEIRS
        return line

    def receive(self, data: bytes) -> list[Arrived]:
        """Take what came, cut anywhere; `MalformedAgiError` where it is no FastAGI."""
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        arrived = [each for each in map(self._line, lines) if each is not None]
        if len(self._buffer) > BUFFER_MAX_BYTES:
            raise MalformedAgiError("line", f"longer than {BUFFER_MAX_BYTES} bytes")
        return arrived

    def _line(self, raw: bytes) -> Arrived | None:
        line = raw.rstrip(b"\r").decode("utf-8", "replace")
        match self.turn:
            case Turn.ENVIRONMENT:
                return self._environment(line)
            case Turn.USAGE:
                return self._usage(line)
            case Turn.OURS | Turn.THEIRS:
                return self._reply(line)

    def _environment(self, line: str) -> Environment | None:
        if line:
            if not line.startswith(PREFIX):
                raise MalformedAgiError("environment", "a line that is not `agi_NAME: value`")
            self._lines.append(line)
            if len(self._lines) > ENVIRONMENT_MAX_LINES:
                raise MalformedAgiError("environment", f"over {ENVIRONMENT_MAX_LINES} lines")
            return None
        environment = parse_environment(self._lines)
        self.turn = Turn.OURS
        return environment

    def _usage(self, line: str) -> Reply | None:
        if not line.startswith(USAGE_ENDS):
            return None
        self.turn = Turn.OURS
        return Reply(BAD_SYNTAX)

    def _reply(self, line: str) -> Reply | HungUp | None:
        if line.startswith(USAGE_BEGINS):
            self.turn = Turn.USAGE
            return None
        reply = parse_reply(line)
        if isinstance(reply, Reply):
            if self.turn is not Turn.THEIRS:
                raise MalformedAgiError("reply", "nothing was asked")
            self.turn = Turn.OURS
        return reply
