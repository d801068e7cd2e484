"""A clock that stands still."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass
class FakeClock:
    """Always noon."""

    def now(self) -> datetime:
        """Return noon."""
        return NOON
