"""A batch: recordings in files, a person's or a claim's each, that workers enroll or verify."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import NewType
from uuid import UUID

from ivr.domain.call import AccountId

BatchId = NewType("BatchId", UUID)
ItemId = NewType("ItemId", UUID)
"""The id of the enrollment or verification that the item becomes."""


class BatchKind(StrEnum):
    """What is done to the recordings."""

    ENROLL = "enroll"
    """All files of an item together are one enrollment."""
    VERIFY = "verify"
    """The one file of an item is one verification."""


class Undone(StrEnum):
    """How an item ends that became neither an enrollment nor a verification."""

    CANNOT = "CANNOT"
    """A file cannot be read, or something else that an operator must mend."""
    CANCELLED = "CANCELLED"


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """What was ordered, and how far it is."""

    id: BatchId
    kind: BatchKind
    items: int
    """Ordered."""
    waiting: int
    """Still to be done."""
    results: dict[str, int]
    """How many ended how: a `Verdict`, an `EnrollmentResult` or `Undone`."""
    folder: Path
    """Above all files."""
    ordered_by: str
    ordered_at: datetime

    @property
    def done(self) -> int:
        """How many ended."""
        return sum(self.results.values())

    @property
    def forgotten(self) -> int:
        """How many are gone, with persons who were erased or by retention."""
        return self.items - self.waiting - self.done


@dataclass(frozen=True, slots=True)
class BatchLine:
    """One item in a report."""

    number: int
    id: ItemId
    account: AccountId
    files: tuple[str, ...]
    remarks: tuple[str, ...]
    """What became of each file of an enrollment, in their order; empty before, and elsewhere."""
    result: str | None
    """None: still to be done."""
    reason: str | None
    llr: float | None
    confidence: int | None
    ended_at: datetime | None
