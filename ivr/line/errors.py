"""What can go wrong with the line as a whole: each an error for the operator."""

from __future__ import annotations

from ivr.ports import CallLostError


class LineError(Exception):
    """Root of what this package raises besides the errors of `ivr.ports`."""


class ApplicationReplacedError(LineError):
    """Another process connected to Asterisk under our application's name."""

    def __init__(self, app: str) -> None:
        super().__init__(
            f"another process took over the ARI application {app!r}, and the calls with it: stop "
            "one of the two, or give each its own ari.app and spread calls with StasisBroadcast"
        )
        self.app = app


class SoundFolderError(LineError):
    """The folder of prompts on Asterisk's side cannot be named in a request."""

    def __init__(self, folder: str) -> None:
        super().__init__(f"prompts.asterisk_folder = {folder!r}: must hold no comma")


class ReleasedError(CallLostError):
    """The call was released: asking more of it is a fault of the program."""
