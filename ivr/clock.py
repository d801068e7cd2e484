"""The time of day."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """`ivr.ports.Clock` by the machine's clock."""

    def now(self) -> datetime:
        """Return the present, aware, UTC."""
        return datetime.now(UTC)
