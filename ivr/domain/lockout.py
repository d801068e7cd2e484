"""Lockout: what a profile does after it was rejected again and again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

LOCKED = datetime.max.replace(tzinfo=UTC)
"""Locked until an administrator unlocks it."""


@dataclass(frozen=True, slots=True)
class LockoutRules:
    """Counted over a profile's consecutive REJECTs; an ACCEPT begins anew."""

    delay_after: int = 3
    """So many and the profile cannot be verified against for `delay_s`; every further one too."""
    delay_s: float = 300.0
    lock_after: int = 10
    """So many and an administrator must unlock it."""


def locked_until(rejects: int, last: datetime, rules: LockoutRules) -> datetime | None:
    """Return until when a profile with so many REJECTs in a row is locked; None: it is not.

    `last` is when the last of them was written, aware, UTC.
    """
    if rejects >= rules.lock_after:
        return LOCKED
    if rejects >= rules.delay_after:
        return last + timedelta(seconds=rules.delay_s)
    return None
