"""What a port may raise."""

from __future__ import annotations


class PortError(Exception):
    """Root of what a port may raise."""


class CallerHungUpError(PortError):
    """The caller is gone; nothing more can be said or heard."""


class CallLostError(PortError):
    """Asterisk or its media failed us while the caller was there."""


class ToldToStopError(PortError):
    """Whoever watches a call that is only listened to wants us to listen no more."""


class StoreUnavailableError(PortError):
    """PostgreSQL could not be reached or refused; the message says what to do."""


class RateUnreachableError(PortError):
    """The voice model cannot be as sure as a tenant wants; the message says what it can."""
