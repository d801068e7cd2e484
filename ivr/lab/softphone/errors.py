"""What can go wrong on a softphone's line: one root, and a type that says whose fault it is."""

from __future__ import annotations


class SoftphoneError(Exception):
    """Root of everything the softphone raises on purpose."""


class MalformedError(SoftphoneError):
    """The peer sent bytes that are not what the protocol says (the peer's fault)."""


class DialError(SoftphoneError):
    """The call was not answered; `status` is the SIP status, or None where nobody replied."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class CallOverError(SoftphoneError):
    """The call ended while something was still to be said or heard on it."""


class KeysError(SoftphoneError):
    """The keys cannot be pressed: unknown ones, or the far end takes no RFC 4733 events."""
