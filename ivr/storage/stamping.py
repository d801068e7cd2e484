"""Rows that nobody of us wrote, to be looked at: taken over as ours, or dropped.

Those of an older version are among them, once. When they were looked at, the installation's secret
is wrapped for the place that says so, and a row without a stamp is believed no more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import Final

from ivr.domain.call import TenantId
from ivr.storage.administration import tenants
from ivr.storage.audit import AuditEvent, note
from ivr.storage.database import Database, Row, Transaction
from ivr.storage.keys import Keyring
from ivr.storage.stamps import API_KEYS, DESK_USERS, GROUP_MEMBERS, OPERATING_POINTS, Stamped
from ivr.storage.text import storable

BATCH: Final = 500
"""Rows in a transaction."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """A table that is looked at, with its queries."""

    stamped: Stamped
    found: str
    stamp: str
    drop: str
    key: tuple[str, ...]
    """The columns that the queries know a row by, after the tenant."""
    shown: tuple[str, ...]


_KEPT: Final = (
    _Kept(
        OPERATING_POINTS,
        "stamped-operating-points",
        "stamp-operating-point",
        "drop-operating-point",
        ("purpose",),
        ("purpose", "target_fmr"),
    ),
    _Kept(
        GROUP_MEMBERS,
        "stamped-group-members",
        "stamp-group-member",
        "drop-group-member",
        ("name", "profile"),
        ("name", "account"),
    ),
    _Kept(
        DESK_USERS,
        "stamped-desk-users",
        "stamp-desk-user",
        "remove-desk-user",
        ("name",),
        ("name", "role", "agent"),
    ),
    _Kept(
        API_KEYS,
        "stamped-api-keys",
        "stamp-api-key",
        "revoke-api-key",
        ("id",),
        ("id", "name", "scopes"),
    ),
)


@dataclass(frozen=True, slots=True)
class Stranger:
    """A row that bears no stamp of ours."""

    row: Row
    kept: _Kept

    @property
    def tenant(self) -> TenantId:
        """Whose it would be."""
        return TenantId(self.row["tenant"])

    @property
    def table(self) -> str:
        """Where it stands."""
        return self.kept.stamped.table

    @property
    def unstamped(self) -> bool:
        """Whether it has no stamp at all, as rows of an older version."""
        return self.row["stamp"] is None

    @property
    def shown(self) -> tuple[str, ...]:
        """What it says: neither a password nor the hash of a key."""
        values = (self.row[column] for column in self.kept.shown)
        return tuple(" ".join(each) if isinstance(each, list) else f"{each}" for each in values)

    @property
    def _names(self) -> tuple[object, ...]:
        return (self.row["tenant"], *(self.row[column] for column in self.kept.key))

    async def take(self, transaction: Transaction, keyring: Keyring) -> None:
        """Stamp it as it was looked at: changed since, it is a stranger still, or ours already."""
        stamp = self.kept.stamped.stamp(self.row, keyring)
        await transaction.execute(self.kept.stamp, *self._names, stamp, self.row["stamp"])

    async def drop(self, transaction: Transaction) -> None:
        """Delete it; a key is revoked."""
        await transaction.execute(self.kept.drop, *self._names)


Do = Callable[[Transaction, Stranger], Awaitable[None]]


async def strangers(database: Database, keyring: Keyring) -> Sequence[Stranger]:
    """Return every row that bears no stamp of ours, by tenant and table.

    `StoreUnavailableError`.
    """
    return [
        Stranger(row, kept)
        for tenant in await tenants(database)
        for kept in _KEPT
        for row in await database.fetch(kept.found, storable(tenant), tenant=tenant)
        if not kept.stamped.is_ours(row, row["stamp"], keyring)
    ]


async def take_over(
    database: Database, keyring: Keyring, found: Sequence[Stranger], *, who: str, why: str
) -> None:
    """Stamp what was looked at, and believe no row without a stamp from then on.

    Workers that run learn of it at their next start. `StoreUnavailableError`.
    """

    async def take(transaction: Transaction, one: Stranger) -> None:
        await one.take(transaction, keyring)

    await _each(database, found, take, AuditEvent.ROWS_STAMPED, who, why)
    keyring.stamped = True
    columns = (keyring.master.current, keyring.rewrapped_secret())
    await database.fetch("rewrap-installation", *columns, tenant=None)


async def drop(database: Database, found: Sequence[Stranger], *, who: str, why: str) -> None:
    """Delete what was looked at; keys are revoked. `StoreUnavailableError`."""

    async def gone(transaction: Transaction, one: Stranger) -> None:
        await one.drop(transaction)

    await _each(database, found, gone, AuditEvent.ROWS_DROPPED, who, why)


async def _each(
    database: Database, found: Sequence[Stranger], do: Do, what: AuditEvent, who: str, why: str
) -> None:
    for tenant, rows in groupby(found, lambda each: each.tenant):
        every = tuple(rows)
        for start in range(0, len(every), BATCH):
            some = every[start : start + BATCH]
            work = partial(_some, some=some, do=do, what=what, who=who, why=why)
            await database.transact(work, tenant=tenant)


async def _some(
    transaction: Transaction,
    some: Sequence[Stranger],
    do: Do,
    what: AuditEvent,
    who: str,
    why: str,
) -> None:
    for one in some:
        await do(transaction, one)
    tables = ", ".join(f"{table} {n}" for table, n in Counter(e.table for e in some).items())
    await note(transaction, what, some[0].tenant, None, who, f"{tables}: {why}")
