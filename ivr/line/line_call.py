"""What the switchboard needs of a call besides what a flow needs."""

from __future__ import annotations

from typing import Protocol

from ivr.ari.events import Event
from ivr.line.leg import Leg
from ivr.ports import Call


class LineCall(Call, Protocol):
    """A call that is fed with events and cleans up after itself."""

    @property
    def leg(self) -> Leg:
        """The caller's channel."""
        ...

    @property
    def routes(self) -> tuple[str, ...]:
        """Ids of the channels, playbacks and recordings whose events belong to this call."""
        ...

    def took(self, event: Event) -> None:
        """Take an event into account; never blocks."""
        ...

    def keys_missed(self) -> None:
        """Let it be heard that no event tells of keys from here on, or that none did until now."""
        ...

    async def close(self) -> None:
        """Remove what was made in Asterisk for this call, the caller's channel excepted.

        Idempotent; returns when all is gone. What Asterisk refuses is logged and left to the sweep.
        """
        ...
