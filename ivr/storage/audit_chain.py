"""The proof that an audit trail is whole: its hashes computed anew, entry by entry."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from ivr.domain.call import TenantId
from ivr.storage.database import Database, Row
from ivr.storage.text import storable

BATCH = 5000


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One thing that was done."""

    number: int
    """Place in the tenant's trail, counted from 1."""
    at: datetime
    """Aware, UTC, to the microsecond."""
    tenant: TenantId
    who: str
    what: str
    whom: UUID | None
    about: UUID | None
    why: str


@dataclass(frozen=True, slots=True)
class AuditEnd:
    """Where a trail ends, or once ended: kept elsewhere, it is an anchor to verify against."""

    tenant: TenantId
    entries: int
    hash: bytes
    """Of the last entry, 32 octets; empty where there is none."""


@dataclass(frozen=True, slots=True)
class AuditFault:
    """The first place where a trail is not what it should be."""

    tenant: TenantId
    number: int
    what: str


def entry_hash(before: bytes, entry: AuditEntry) -> bytes:
    """Return SHA-256 over the hash before and the entry's fields as netstrings, 32 octets.

    The function `audit_hash` of the schema computes the same.
    """
    at = entry.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    fields = (str(entry.number), at, entry.tenant, entry.who, entry.what)
    ids = (None if each is None else str(each) for each in (entry.whom, entry.about))
    return hashlib.sha256(before + b"".join(map(_field, (*fields, *ids, entry.why)))).digest()


def _field(text: str | None) -> bytes:
    if text is None:
        return b"-,"
    return f"{len(text.encode())}:{text},".encode()


async def ends(database: Database, tenants: Iterable[TenantId]) -> tuple[AuditEnd, ...]:
    """Return where each tenant's trail ends now; `StoreUnavailableError`."""
    return tuple([_end(tenant, await _head(database, tenant)) for tenant in tenants])


async def verify(
    database: Database, tenant: TenantId, anchors: Iterable[AuditEnd] = ()
) -> AuditEnd | AuditFault:
    """Return where the tenant's trail ends, or the first fault in it; `StoreUnavailableError`.

    An entry that was edited breaks its hash, one that was deleted or moved breaks the numbers, and
    one deleted from the end leaves the end recorded beside the trail. Whoever can write the whole
    trail anew, as superuser, is found by an anchor: the trail must pass through each.
    """
    passed = {anchor.entries: anchor.hash for anchor in anchors if anchor.tenant == tenant}
    walk = _Walk(tenant, passed)
    while True:
        async for row in _rows(database, tenant, walk.number):
            if (fault := walk.step(row)) is not None:
                return fault
        head = await _head(database, tenant)
        if head["last"] <= walk.number:
            return walk.arrived(_end(tenant, head))


class _Walk:
    """The place reached in a trail, and what must be found on the way."""

    def __init__(self, tenant: TenantId, anchors: Mapping[int, bytes]) -> None:
        self.number = 0
        self._tenant = tenant
        self._hash = b""
        self._anchors = dict(anchors)

    def step(self, row: Row) -> AuditFault | None:
        """Take the next entry."""
        number = self.number + 1
        if row["number"] != number:
            return self._fault(number, f"is missing; entry {row['number']} follows")
        self._hash = entry_hash(self._hash, _entry(row))
        if self._hash != row["hash"]:
            return self._fault(number, "was changed, or is not where it was")
        self.number = number
        if self._anchors.pop(number, self._hash) != self._hash:
            return self._fault(number, "is another than the one that was anchored")
        return None

    def arrived(self, end: AuditEnd) -> AuditEnd | AuditFault:
        """Compare the place reached with the end recorded, and with anchors never met."""
        beyond = [number for number in self._anchors if number > self.number]
        if beyond:
            return self._fault(self.number + 1, f"is missing; {max(beyond)} entries were anchored")
        if end.entries > self.number:
            return self._fault(self.number + 1, f"is missing; there were {end.entries} entries")
        if (end.entries, end.hash) != (self.number, self._hash):
            return self._fault(self.number, "was added beside the chain")
        return end

    def _fault(self, number: int, what: str) -> AuditFault:
        return AuditFault(self._tenant, number, what)


async def _rows(database: Database, tenant: TenantId, after: int) -> AsyncIterator[Row]:
    while rows := await database.fetch(
        "audit-entries", storable(tenant), after, BATCH, tenant=tenant
    ):
        for row in rows:
            yield row
        after = rows[-1]["number"]


async def _head(database: Database, tenant: TenantId) -> Row:
    row = await database.fetch_one("audit-end", storable(tenant), tenant=tenant)
    assert row is not None, "an aggregate has a row"
    return row


def _end(tenant: TenantId, head: Row) -> AuditEnd:
    return AuditEnd(tenant, head["entries"], head["hash"])


def _entry(row: Row) -> AuditEntry:
    return AuditEntry(
        number=row["number"],
        at=row["at"],
        tenant=TenantId(row["tenant"]),
        who=row["who"],
        what=row["what"],
        whom=row["whom"],
        about=row["about"],
        why=row["why"],
    )
