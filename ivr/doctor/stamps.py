"""The check of the rows that decide: each of them ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ivr.doctor.finding import Finding, fault, good, skipped, warning
from ivr.storage import (
    Database,
    MasterKeyError,
    MasterKeys,
    SealBrokenError,
    Stranger,
    keys_of,
    strangers,
)

CHECK = "stamps"
LACKING = "there is no master key that opens the database's"
LOOK = "look at them (countersign keys stamp), then "


async def check_stamps(database: Database, master: MasterKeys | None) -> Finding:
    """Find rates, members of groups, users and keys that nobody of us wrote."""
    if master is None:
        return skipped(CHECK, LACKING)
    try:
        keyring = await keys_of(database, master)
    except (MasterKeyError, SealBrokenError):
        return skipped(CHECK, LACKING)
    if keyring is None:
        return good(CHECK, "none yet: a new database")
    return _told(await strangers(database, keyring), stamped=keyring.stamped)


def _told(found: Sequence[Stranger], *, stamped: bool) -> Finding:
    changed = Counter(each.table for each in found if stamped or not each.unstamped)
    if changed:
        told = ", ".join(f"{table} {count}" for table, count in changed.items())
        return fault(
            CHECK,
            f"rows that decide bear no stamp of ours, and are not believed: {told}",
            LOOK + 'countersign keys stamp --drop --why ".."; change the password of the DSN',
        )
    if not stamped:
        return warning(
            CHECK,
            f"rows that decide are believed without a stamp ({len(found)} have none): whoever can "
            "write the tables can set a rate, or add a user or a key",
            LOOK + 'countersign keys stamp --why "..", and restart the workers',
        )
    return good(CHECK, "every row that decides is ours")
