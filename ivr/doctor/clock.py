"""Whether two machines agree on the time of day."""

from __future__ import annotations

from datetime import UTC, datetime

from ivr.doctor.finding import Finding, fault, good

TOLERANCE_S = 5.0
"""More than a question takes on a slow line, and less than makes a record misleading."""


def check_clock(check: str, theirs: datetime, before: datetime, after: datetime) -> Finding:
    """Compare their time with ours: they were asked between `before` and `after`, all aware."""
    ahead_s = max((theirs - after).total_seconds(), 0.0)
    behind_s = max((before - theirs).total_seconds(), 0.0)
    apart_s = max(ahead_s, behind_s)
    if apart_s <= TOLERANCE_S:
        return good(check, f"{apart_s:.1f} s apart at most")
    where = "ahead of" if ahead_s else "behind"
    return fault(
        check,
        f"its clock is {apart_s:.0f} s {where} this machine's",
        "set both by NTP: `timedatectl set-ntp true`, then `timedatectl status` on each",
    )


def now() -> datetime:
    """Return this machine's time of day."""
    return datetime.now(UTC)
