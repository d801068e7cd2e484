"""Batches of recordings in files: a job an item, by whoever sees the files.

Audio is read where it lies and never stored for the queue: audio of a verification is kept nowhere,
and what waits in a queue would be kept. A worker is given the folder that it does batches of, and
the jobs bear that folder in their name, as those of a voice model bear the model.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from traceback import extract_tb
from uuid import UUID

import structlog

from engine.audio.files import AudioFile, AudioFileError, read_audio
from engine.errors import EngineError
from ivr.domain.batch import ItemId, Undone
from ivr.domain.call import TenantId
from ivr.domain.enrollment import EnrollmentId
from ivr.domain.verification import VerificationId
from ivr.jobs.queue import Queue, Ticket
from ivr.jobs.worker import ElsewhereError
from ivr.offline import Office, Order, Remark, review, verify
from ivr.ports import RateUnreachableError, StoreUnavailableError
from ivr.storage import (
    Batches,
    Database,
    Item,
    SealBrokenError,
    StoreRefusedError,
    Terms,
    tenants,
)

LOOK_AGAIN = "*/10 * * * *"
"""What was lost on the way is found after ten minutes at the latest."""

Ended = tuple[str, str]
"""Result and reason."""

log = structlog.get_logger()


class BatchWork:
    """The duty (`ivr.jobs.Duty`) of a worker that enrolls and verifies as the commands on files do.

    An item's id is the id of its enrollment or verification: whoever does it again after a worker
    was killed finds what is stored, and nothing is stored, counted or told twice.
    """

    eager = True

    def __init__(
        self,
        database: Database,
        batches: Batches,
        office: Office,
        folder: Path,
        when: str | None = LOOK_AGAIN,
    ) -> None:
        """`folder` is as it was ordered, not as a link in it leads elsewhere."""
        self._database = database
        self._batches = batches
        self._office = office
        self._folder = folder
        self.name = batches.queue(folder)
        self.when = when

    async def able(self) -> bool:
        """Say whether the folder is there: a share may not be mounted yet, or no more."""
        return await asyncio.to_thread(os.path.isdir, self._folder)

    async def look(self, queue: Queue) -> None:
        """Ask for every item below the folder that is still to be done."""
        for tenant in await tenants(self._database):
            async for page in self._batches.open_items(tenant, self._folder):
                await queue.ask(self.name, [Ticket(tenant, str(each)) for each in page])

    async def work(self, ticket: Ticket) -> None:
        """Do one item, unless it was done, cancelled, or forgotten with its person."""
        tenant, number = TenantId(ticket.tenant), ItemId(UUID(ticket.subject))
        try:
            item = await self._batches.find(tenant, number)
        except SealBrokenError as error:
            await self._batches.end(tenant, number, Undone.CANNOT, str(error))
            return
        if item is None:
            return
        if not await self.able():
            raise ElsewhereError("the folder of the batch is not there")
        result, reason = await self._ended(tenant, item)
        await self._batches.end(tenant, number, result, reason)

    async def _ended(self, tenant: TenantId, item: Item) -> Ended:
        """Return how an item ended; whatever cannot be done is an end, too."""
        try:
            self._check_files(item)
            return await self._done(tenant, item)
        except (EngineError, StoreRefusedError, RateUnreachableError) as error:
            return Undone.CANNOT, str(error)
        except StoreUnavailableError:
            raise
        except Exception as error:
            # What it says may name a file, and so a person: the log gets the place alone.
            where = extract_tb(error.__traceback__)[-1]
            kind = type(error).__name__
            log.error(
                "batch_item_failed",
                item=str(item.id),
                error=kind,
                at=f"{where.name}:{where.lineno}",
            )
            return Undone.CANNOT, f"{kind}; see batch_item_failed in the worker's log"

    def _check_files(self, item: Item) -> None:
        """Whoever can write into the table must not choose what this worker reads."""
        for path in item.files:
            if not Path(os.path.normpath(path)).is_relative_to(self._folder):
                raise AudioFileError(str(path), f"it lies outside {self._folder}")

    async def _done(self, tenant: TenantId, item: Item) -> Ended:
        office = replace(await self._office.of_tenant(tenant), worker=_worker(item))
        if item.terms is None:
            return await _verified(tenant, item, office)
        return await self._enrolled(tenant, item, item.terms, office)

    async def _enrolled(self, tenant: TenantId, item: Item, terms: Terms, office: Office) -> Ended:
        order = Order(tenant, item.account, terms.consent, terms.locale, terms.mode, terms.phrase)
        found = await review(order, _read(item.files), office, EnrollmentId(item.id))
        if found.remarks:
            await self._batches.remark(tenant, item.id, [_said(each) for each in found.remarks])
        stored = await office.store.enroll(replace(found.enrollment, ordered=True))
        return stored.result, stored.reason


async def _verified(tenant: TenantId, item: Item, office: Office) -> Ended:
    number = VerificationId(item.id)
    stored = await office.store.verdict(number)
    if stored is None:
        (path,) = item.files
        file = await asyncio.to_thread(read_audio, path, str(path))
        stored = await verify(tenant, item.account, file, office, number=number)
    return stored.verdict, stored.reason


def _worker(item: Item) -> str:
    """Return who stands in the records and in the audit trail."""
    return f"batch of {item.ordered_by}"


def _read(paths: tuple[Path, ...]) -> Iterator[AudioFile]:
    return (read_audio(path, str(path)) for path in paths)


def _said(remark: Remark) -> str:
    return "kept" if remark.kept else str(remark.shortcoming or remark.why or "not kept")
