"""The commands that we give, each a value that knows its line."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.agi.errors import CommandTextError

LINE_MAX_BYTES = 2_000
"""res_agi reads a command into a buffer of 2048 bytes (AGI_BUF_LEN)."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command and its arguments, unquoted."""

    name: str
    arguments: tuple[str, ...] = ()

    def encode(self) -> bytes:
        """Return its line; `CommandTextError` where it does not fit into one."""
        line = " ".join([self.name, *map(_quoted, self.arguments)]).encode("utf-8")
        if any(byte < 0x20 or byte == 0x7F for byte in line):
            raise CommandTextError(self.name, "an argument holds a control character")
        if len(line) > LINE_MAX_BYTES:
            raise CommandTextError(self.name, f"{len(line)} bytes; {LINE_MAX_BYTES} are allowed")
        return line + b"\n"


def answer() -> Command:
    """Answer the call, if that is not done yet."""
    return Command("ANSWER")


def set_variable(name: str, value: str) -> Command:
    """Set a channel variable; nothing in the value is expanded."""
    return Command("SET VARIABLE", (name, value))


def get_variable(name: str) -> Command:
    """Read a channel variable; the reply has no value where it is not set."""
    return Command("GET VARIABLE", (name,))


def execute(application: str, arguments: str) -> Command:
    """Run a dialplan application; the reply comes when that has ended."""
    return Command("EXEC", (application, arguments))


def _quoted(argument: str) -> str:
    escaped = argument.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
