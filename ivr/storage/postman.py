"""Takes the verdicts that wait in a folder to PostgreSQL, as soon as it is back."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import suppress

import structlog

from ivr.domain.verification import Verification, VerificationId
from ivr.ports import ProfileStore, StoreUnavailableError
from ivr.storage.errors import StoreRefusedError
from ivr.storage.letters import CorruptLetterError, LetterBox

BACKOFF_S = 0.5
BACKOFF_LONGEST_S = 30.0
LOOK_S = 30.0
"""How often the folder is looked at for what another process left there."""

log = structlog.get_logger()


class Postman:
    """Delivers the letters of a box to a store, over and over between `begin` and `end`.

    After a failure it waits `backoff_s`, and each time twice as long, unless the store answers.
    """

    def __init__(self, box: LetterBox, store: ProfileStore, backoff_s: float) -> None:
        self._box = box
        self._store = store
        self._backoff_s = backoff_s
        self._wake = asyncio.Event()
        self._something_waits = False
        self._rounds: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Deliver from now on; an event loop must be running."""
        self._rounds = asyncio.create_task(self._deliver_forever(), name="outbox")

    async def end(self) -> None:
        """Stop delivering, and raise what the rounds failed with."""
        if self._rounds is not None:
            self._rounds.cancel()
            await asyncio.wait([self._rounds])
            if not self._rounds.cancelled():
                self._rounds.result()

    def letter_posted(self) -> None:
        """Take note that a letter was put into the box: it may go at once."""
        self._something_waits = True
        self._wake.set()

    def store_answered(self) -> None:
        """Take note that the store is there: what waits may go at once."""
        if self._something_waits:
            self._wake.set()

    async def letter(self, verification: VerificationId) -> Verification | None:
        """Return the verdict that waits for this verification, or None.

        None as well for what cannot be read: a corrupt letter is set aside, and the log says so.
        """
        try:
            return await asyncio.to_thread(self._box.get, verification)
        except CorruptLetterError:
            await self._set_aside(verification, "the file is corrupt")
        except OSError as error:
            log.error("outbox_unreadable", error=str(error))
        return None

    async def deliver(self) -> None:
        """Store what waits, now; `StoreUnavailableError` at the first that cannot be stored."""
        waiting = await asyncio.to_thread(lambda: list(self._box.waiting()))
        # In any order, so that one that cannot go does not keep back the others every time.
        random.shuffle(waiting)
        for verification in waiting:
            await self._deliver_one(verification)

    async def _deliver_forever(self) -> None:
        backoff_s = self._backoff_s
        while True:
            self._wake.clear()
            if await self._delivered():
                backoff_s = self._backoff_s
                await self._pause(LOOK_S)
            else:
                await self._pause(backoff_s)
                backoff_s = min(2 * backoff_s, BACKOFF_LONGEST_S)

    async def _delivered(self) -> bool:
        self._something_waits = False
        try:
            await self.deliver()
            await asyncio.to_thread(self._box.clear_aside, time.time())
        except (StoreUnavailableError, OSError) as error:
            log.warning("outbox_waits", error=str(error))
            self._something_waits = True
        return not self._something_waits

    async def _pause(self, longest_s: float) -> None:
        # Not wait_for: that of Python 3.11 loses a cancellation that meets the event.
        with suppress(TimeoutError):
            async with asyncio.timeout(longest_s):
                await self._wake.wait()

    async def _deliver_one(self, verification: VerificationId) -> None:
        told = await self.letter(verification)
        if told is None:
            return
        try:
            stored = await self._store.close(told)
        except StoreRefusedError as error:
            await self._set_aside(verification, str(error))
            return
        if stored.verdict is not told.verdict:
            log.warning(
                "verdict_stored_differs_from_told",
                verification=str(verification),
                stored=stored.verdict.value,
                told=told.verdict.value,
            )
        await asyncio.to_thread(self._box.remove, verification)
        log.info("verdict_delivered", verification=str(verification))

    async def _set_aside(self, verification: VerificationId, why: str) -> None:
        name = await asyncio.to_thread(self._box.set_aside, verification)
        if name is not None:
            log.error("verdict_set_aside", file=name, error=why)
