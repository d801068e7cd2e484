"""Batches: what was ordered, what is still to be done, and how each item ended.

An item's id is the id of what it becomes, so what was stored for it is found again by whoever does
it a second time; ending it twice changes nothing. No audio passes through here.
"""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from uuid import UUID, uuid4

import msgspec

from engine.types import Locale, PhraseId
from ivr.domain.batch import BatchId, BatchKind, BatchLine, BatchSummary, ItemId
from ivr.domain.call import AccountId, TenantId
from ivr.domain.consent import Consent, ConsentGiven
from ivr.domain.mode import Mode
from ivr.storage.database import Database, Row, Transaction
from ivr.storage.drafts import Terms
from ivr.storage.errors import StoreRefusedError
from ivr.storage.keys import Keyring, SealBrokenError
from ivr.storage.text import storable

_Row = dict[str, object]
PAGE = 1000
"""Items written or read at a time."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One item as it is ordered."""

    account: AccountId
    files: tuple[Path, ...]
    """Absolute; at least one."""
    terms: Terms | None
    """How a person is to be enrolled, and by what right; None for a verification."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item as a worker finds it."""

    id: ItemId
    kind: BatchKind
    account: AccountId
    files: tuple[Path, ...]
    terms: Terms | None
    ordered_by: str


class Batches:
    """The batches of all tenants. `StoreUnavailableError` from every method."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def order(
        self,
        tenant: TenantId,
        kind: BatchKind,
        wishes: Sequence[Wish],
        folder: Path,
        mark: bytes,
        *,
        who: str,
    ) -> tuple[BatchId, bool]:
        """Make a batch, all of it or nothing, or find the one that was made of the same order.

        `folder` is above all files; `mark` tells two orders of the same files apart. Returns the
        batch, and whether it is new.
        `StoreRefusedError` for a path or account with characters that PostgreSQL cannot hold.
        """
        rows = [{"number": number, **_row(wish)} for number, wish in enumerate(wishes, start=1)]
        said = msgspec.json.encode([kind, rows], order="deterministic") + mark
        name = self._keyring.batch_name(tenant, said)
        batch = BatchId(uuid4())
        about = (batch, storable(tenant), kind, name, str(folder), storable(who), len(wishes))

        async def work(transaction: Transaction) -> tuple[BatchId, bool]:
            await transaction.execute("note-tenant", storable(tenant))
            if await transaction.fetch_one("order-batch", *about) is None:
                known = await transaction.fetch_one("batch-called", storable(tenant), name)
                assert known is not None, "whoever conflicts is seen after the conflict"
                return BatchId(known["id"]), known["id"] == batch
            for start in range(0, len(rows), PAGE):
                page = [self._stamped(tenant, row, who) for row in rows[start : start + PAGE]]
                written = msgspec.json.encode(page).decode()
                await transaction.execute("add-batch-items", storable(tenant), batch, written)
            return batch, True

        return await self._database.transact(work, tenant=tenant)

    def queue(self, folder: Path) -> str:
        """Return what the jobs below a folder are called in the queue, which names no person."""
        return f"batch {self._keyring.folder_name(str(folder))}"

    async def open_items(self, tenant: TenantId, folder: Path) -> AsyncIterator[list[ItemId]]:
        """Yield, page by page, what is still to be done in a tenant's batches below a folder."""
        after = UUID(int=0)
        while rows := await self._database.fetch(
            "open-batch-items", storable(tenant), str(folder), after, PAGE, tenant=tenant
        ):
            yield [ItemId(row["id"]) for row in rows]
            after = rows[-1]["id"]

    async def find(self, tenant: TenantId, item: ItemId) -> Item | None:
        """Return an item; None where it was done, cancelled or forgotten.

        `SealBrokenError` for one that is not as it was ordered.
        """
        row = await self._database.fetch_one(
            "find-batch-item", storable(tenant), item, tenant=tenant
        )
        if row is None:
            return None
        found = _item(row)
        wish = Wish(found.account, found.files, found.terms)
        stamp = self._stamp(tenant, found.id, _row(wish), found.ordered_by)
        if not hmac.compare_digest(stamp, row["stamp"]):
            raise SealBrokenError("an item of a batch")
        return found

    async def remark(self, tenant: TenantId, item: ItemId, remarks: Sequence[str]) -> None:
        """Note what became of each file, before the enrollment itself is stored."""
        about = (storable(tenant), item, [storable(each) for each in remarks])
        await self._database.fetch("remark-batch-item", *about, tenant=tenant)

    async def end(self, tenant: TenantId, item: ItemId, result: str, reason: str) -> bool:
        """Note how an item ended, unless it had; False where it was forgotten with its person.

        What was done though it had been cancelled meanwhile is noted as done.
        """
        about = (storable(tenant), item, result, storable(reason))
        return bool(await self._database.fetch("end-batch-item", *about, tenant=tenant))

    async def newest(self, tenant: TenantId, limit: int = 20) -> Sequence[BatchSummary]:
        """Return the newest batches of a tenant."""
        rows = await self._database.fetch("list-batches", storable(tenant), limit, tenant=tenant)
        return tuple([await self._summary(tenant, row) for row in rows])

    async def summary(self, tenant: TenantId, batch: BatchId) -> BatchSummary | None:
        """Return how far a batch is; None where the tenant has none of that id."""
        row = await self._database.fetch_one("find-batch", storable(tenant), batch, tenant=tenant)
        return None if row is None else await self._summary(tenant, row)

    async def report(self, tenant: TenantId, batch: BatchId) -> AsyncIterator[BatchLine]:
        """Yield the items of a batch in their order."""
        after = 0
        while rows := await self._database.fetch(
            "report-of-batch", storable(tenant), batch, after, PAGE, tenant=tenant
        ):
            for row in rows:
                yield _line(row)
            after = rows[-1]["number"]

    async def retry(self, tenant: TenantId, batch: BatchId) -> int:
        """Let what could not be done be tried again, and return how much."""
        return await self._all("retry-batch", tenant, batch)

    async def cancel(self, tenant: TenantId, batch: BatchId, *, who: str) -> int:
        """Let nothing more of a batch be begun, and return how many items that leaves undone.

        Those that workers have begun are among them, and are done all the same.
        """
        return await self._all("cancel-batch", tenant, batch, f"cancelled by {storable(who)}")

    async def _all(self, name: str, tenant: TenantId, batch: BatchId, *more: str) -> int:
        """Change items page by page, so that no worker waits long for one."""
        changed = 0
        about = (storable(tenant), batch, PAGE, *more)
        while rows := await self._database.fetch(name, *about, tenant=tenant):
            changed += len(rows)
        return changed

    def _stamped(self, tenant: TenantId, row: _Row, who: str) -> _Row:
        """Return what is written of an item, with its id and stamp."""
        item = ItemId(uuid4())
        content = {name: value for name, value in row.items() if name != "number"}
        stamp = self._stamp(tenant, item, content, storable(who))
        return {"id": str(item), "stamp": stamp.hex(), **row}

    def _stamp(self, tenant: TenantId, item: ItemId, content: _Row, who: str) -> bytes:
        said = msgspec.json.encode([item, content, who], order="deterministic")
        return self._keyring.batch_stamp(tenant, said)

    async def _summary(self, tenant: TenantId, row: Row) -> BatchSummary:
        counted = await self._database.fetch(
            "results-of-batch", storable(tenant), row["id"], tenant=tenant
        )
        counts = {each["result"]: each["items"] for each in counted}
        return BatchSummary(
            BatchId(row["id"]),
            BatchKind(row["kind"]),
            row["items"],
            counts.pop(None, 0),
            counts,
            Path(row["folder"]),
            row["ordered_by"],
            row["ordered_at"],
        )


def _row(wish: Wish) -> _Row:
    """Return what an item says, as it is written and stamped; `StoreRefusedError`."""
    files = [str(each) for each in wish.files]
    unfit = [text for text in (wish.account, *files) if storable(text) != text]
    if unfit:
        raise StoreRefusedError(f"{unfit[0]!r} has characters that PostgreSQL cannot hold")
    row: _Row = {"account": wish.account, "files": files}
    if wish.terms is not None:
        row |= {
            "text_version": storable(wish.terms.consent.text_version),
            "consented_at": wish.terms.consent.at.astimezone(UTC).isoformat(),
            "locale": storable(wish.terms.locale),
            "mode": wish.terms.mode.value,
            "phrase": storable(wish.terms.phrase),
        }
    return row


def _item(row: Row) -> Item:
    return Item(
        ItemId(row["id"]),
        BatchKind(row["kind"]),
        AccountId(row["account"]),
        tuple(Path(each) for each in row["files"]),
        _terms(row) if row["text_version"] is not None else None,
        row["ordered_by"],
    )


def _terms(row: Row) -> Terms:
    consent = Consent(row["text_version"], ConsentGiven.DOCUMENT, row["consented_at"])
    return Terms(consent, Locale(row["locale"]), Mode(row["mode"]), PhraseId(row["phrase"]))


def _line(row: Row) -> BatchLine:
    return BatchLine(
        row["number"],
        ItemId(row["id"]),
        AccountId(row["account"]),
        tuple(row["files"]),
        tuple(row["remarks"] or ()),
        row["result"],
        row["reason"],
        row["llr"],
        row["confidence"],
        row["ended_at"],
    )
