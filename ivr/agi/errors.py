"""What can go wrong with FastAGI: one root, and the type tells whose fault it is."""

from __future__ import annotations


class AgiError(Exception):
    """Root of everything this package raises on purpose."""


class MalformedAgiError(AgiError):
    """The peer sent what is no FastAGI (its fault); no value is quoted."""

    def __init__(self, what: str, found: str) -> None:
        super().__init__(f"malformed {what}: {found}; only Asterisk may connect to this port")
        self.what = what


class CommandTextError(AgiError):
    """A command cannot be written in one line of AGI (our fault); no value is quoted."""

    def __init__(self, command: str, found: str) -> None:
        super().__init__(f"AGI command {command}: {found}")
        self.command = command


class OutOfTurnError(AgiError):
    """A command was given before the reply to the last one came (our fault)."""

    def __init__(self) -> None:
        super().__init__("AGI takes one command at a time")


class CommandRefusedError(AgiError):
    """Asterisk did not carry a command out."""

    def __init__(self, command: str, code: int) -> None:
        super().__init__(f"Asterisk refused the AGI command {command} (code {code})")
        self.command = command
        self.code = code


class DeadChannelError(AgiError):
    """The caller hung up: the command needs a channel that is alive."""

    def __init__(self, command: str) -> None:
        super().__init__(f"the AGI command {command} came after the caller had hung up")


class AgiClosedError(AgiError):
    """The connection is closed, and no command can be given any more."""

    def __init__(self) -> None:
        super().__init__("the AGI connection is closed")


class AgiListenError(AgiError):
    """The port cannot be listened on (the operator's to mend)."""

    def __init__(self, setting: str, host: str, port: int, found: str) -> None:
        super().__init__(
            f"{setting} = {port} on {host} cannot be listened on: {found}; choose a free port and "
            "an address of this machine"
        )
