"""Measures the stages of a call by the event loop's clock."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from ivr.domain.call import Purpose
from ivr.domain.enrollment import Enrollment
from ivr.domain.metering import FrameCounts, Stage
from ivr.domain.verification import Verification
from ivr.ports import Meter


class NothingMeasured:
    """`ivr.ports.Meter` where nobody asks."""

    def took(self, stage: Stage, seconds: float) -> None:
        """Let it pass."""

    def verified(self, purpose: Purpose | None, verification: Verification) -> None:
        """Let it pass."""

    def enrolled(self, enrollment: Enrollment) -> None:
        """Let it pass."""

    def carried(self, frames: FrameCounts) -> None:
        """Let it pass."""


@contextmanager
def measured(meter: Meter, stage: Stage) -> Iterator[None]:
    """Tell the meter how long the block took; one that fails is no measure of anything."""
    began_s = asyncio.get_running_loop().time()
    yield
    meter.took(stage, asyncio.get_running_loop().time() - began_s)
