"""What else a flow has about it: who watches, who counts, and the time."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from ivr.domain.call import Purpose
from ivr.domain.enrollment import Enrollment
from ivr.domain.metering import FrameCounts, Stage
from ivr.domain.news import News
from ivr.domain.verification import Verification


class Desk(Protocol):
    """Whoever watches calls as they happen: the agents' screens."""

    def tell(self, news: News) -> None:
        """Pass news of a call on. Never raises, and keeps no call waiting."""
        ...


class Meter(Protocol):
    """Counts what becomes of calls, for those who watch the service. Never raises, never waits."""

    def took(self, stage: Stage, seconds: float) -> None:
        """Note how long a stage of a call took."""
        ...

    def verified(self, purpose: Purpose | None, verification: Verification) -> None:
        """Note a verdict that was written; no purpose: of a call that its process had left."""
        ...

    def enrolled(self, enrollment: Enrollment) -> None:
        """Note how an enrollment ended."""
        ...

    def carried(self, frames: FrameCounts) -> None:
        """Note what became of a call's audio, at the call's end."""
        ...


class Clock(Protocol):
    """The time of day."""

    def now(self) -> datetime:
        """Return the present, aware, UTC."""
        ...
