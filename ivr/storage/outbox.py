"""The promise that every verdict is kept while PostgreSQL is away: a folder, and a postman."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Self, TypeVar

import structlog

from engine.types import Reason, Verdict
from ivr.domain.call import AccountId, TenantId
from ivr.domain.consent import Consent
from ivr.domain.enrollment import Enrollment, EnrollmentId
from ivr.domain.operating_point import OwnRates
from ivr.domain.profile import Profile
from ivr.domain.verification import Opening, Verification, VerificationId
from ivr.domain.watchlist import Suspect
from ivr.ports import ProfileStore, StoreUnavailableError
from ivr.storage.errors import OutboxError, StoreRefusedError
from ivr.storage.letters import CorruptLetterError, Forgotten, LetterBox
from ivr.storage.postman import BACKOFF_S, Postman

T = TypeVar("T")

PATIENCE_S = 2.0
"""How long a caller may wait for PostgreSQL at the end of a call."""
RETRY_S = 0.1

log = structlog.get_logger()


class Outbox:
    """A `ProfileStore` whose `close` never fails: what cannot be stored now waits in a folder.

    Use it as an async context manager in place of the store it wraps; `key`, 32 octets, seals what
    waits. A verdict in the folder was told to the dialplan as INCONCLUSIVE / UNAVAILABLE and is
    authoritative: `close` and `verdict` return it, `unfinished` leaves it out. It is stored as soon
    as PostgreSQL is back, at the latest 30 s after, at the next start if need be; any process that
    shares the folder may do it.
    """

    def __init__(
        self,
        folder: Path,
        store: ProfileStore,
        key: bytes,
        *,
        patience_s: float = PATIENCE_S,
        backoff_s: float = BACKOFF_S,
    ) -> None:
        self._store = store
        self._box = LetterBox(folder, key)
        self._patience_s = patience_s
        self._postman = Postman(self._box, store, backoff_s)

    async def __aenter__(self) -> Self:
        """Make the folder and start to deliver what waits in it.

        `OutboxError` where verdicts could not be kept there.
        """
        try:
            await asyncio.to_thread(self._box.prepare, time.time())
        except OSError as error:
            raise OutboxError(str(error)) from error
        self._postman.begin()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop delivering; what waits is delivered after the next start."""
        await self._postman.end()

    async def find(self, tenant: TenantId, account: AccountId) -> Profile | None:
        """Return the person's profile, or None; `StoreUnavailableError`."""
        return await self._noticing(self._store.find(tenant, account))

    async def caller_locked_until(self, tenant: TenantId, number: str) -> datetime | None:
        """Return until when callers of a number are locked out; `StoreUnavailableError`."""
        return await self._noticing(self._store.caller_locked_until(tenant, number))

    async def group(self, tenant: TenantId, name: str) -> Sequence[Profile]:
        """Return the enrolled profiles of a named group; `StoreUnavailableError`."""
        return await self._noticing(self._store.group(tenant, name))

    async def consent(self, tenant: TenantId, account: AccountId) -> Consent | None:
        """Return the last consent that holds, or None; `StoreUnavailableError`."""
        return await self._noticing(self._store.consent(tenant, account))

    async def enrolled(self, tenant: TenantId, at_most: int) -> Sequence[Profile]:
        """Return all enrolled profiles, or none beyond `at_most`; `StoreUnavailableError`."""
        return await self._noticing(self._store.enrolled(tenant, at_most))

    async def watchlist(self, tenant: TenantId) -> Sequence[Suspect]:
        """Return the voices that a tenant watches for; `StoreUnavailableError`."""
        return await self._noticing(self._store.watchlist(tenant))

    async def own_rates(self, tenant: TenantId) -> OwnRates:
        """Return the rates that a tenant has set; `StoreUnavailableError`."""
        return await self._noticing(self._store.own_rates(tenant))

    async def open(self, opening: Opening) -> OwnRates:
        """Note that a verification began, and return its tenant's rates.

        `StoreUnavailableError`.
        """
        return await self._noticing(self._store.open(opening))

    async def enroll(self, enrollment: Enrollment) -> Enrollment:
        """Write an enrollment's end, once; `StoreUnavailableError`, and then nothing is kept."""
        return await self._noticing(self._store.enroll(enrollment))

    async def enrollment(self, tenant: TenantId, enrollment: EnrollmentId) -> Enrollment | None:
        """Return how an enrollment ended if that is written; `StoreUnavailableError`."""
        return await self._noticing(self._store.enrollment(tenant, enrollment))

    async def verdict(self, verification: VerificationId) -> Verification | None:
        """Return the verdict that waits or is stored, or None; `StoreUnavailableError`."""
        waiting = await self._postman.letter(verification)
        return waiting or await self._noticing(self._store.verdict(verification))

    async def unfinished(self, worker: str) -> Sequence[Opening]:
        """Return what this worker began and never closed; `StoreUnavailableError`."""
        # Before and after: one may be delivered meanwhile, and another may come to wait.
        waiting = await asyncio.to_thread(lambda: set(self._box.waiting()))
        openings = await self._noticing(self._store.unfinished(worker))
        waiting |= await asyncio.to_thread(lambda: set(self._box.waiting()))
        return tuple(opening for opening in openings if opening.id not in waiting)

    async def close(self, verification: Verification) -> Verification:
        """Keep the verdict and return the one that holds, which the dialplan is to be told.

        It is the one given, or an earlier one of the same verification; INCONCLUSIVE / UNAVAILABLE
        with the attempts kept where PostgreSQL cannot take it within the patience. Never raises
        for a store or a disk that fails. To be shielded where the call's task may be cancelled.
        """
        waiting = await self._postman.letter(verification.opening.id)
        if waiting is not None:
            return waiting
        try:
            return await self._noticing(self._close_patiently(verification))
        except StoreUnavailableError as error:
            log.warning(
                "verdict_not_stored", verification=str(verification.opening.id), error=str(error)
            )
            return await self._keep(unavailable(verification))

    async def forget(self, tenant: TenantId, account: AccountId) -> Forgotten:
        """Take who was erased before out of what waits here or was set aside; `OutboxError`."""
        try:
            return await asyncio.to_thread(self._box.forget, tenant, account)
        except OSError as error:
            raise OutboxError(str(error)) from error

    async def depth(self) -> tuple[int, int]:
        """Return how many verdicts wait here, and how many were set aside; `OSError`."""
        return await asyncio.to_thread(self._box.depth)

    async def writable(self) -> None:
        """Find out whether a verdict could be kept here now; `OSError` where not."""
        await asyncio.to_thread(self._box.prepare, time.time())

    async def deliver(self) -> None:
        """Store what waits, now; `StoreUnavailableError` at the first that cannot be stored."""
        await self._postman.deliver()

    async def _close_patiently(self, verification: Verification) -> Verification:
        failure = StoreUnavailableError("PostgreSQL did not answer in time")
        try:
            async with asyncio.timeout(self._patience_s):
                while True:
                    try:
                        return await self._store.close(verification)
                    except StoreRefusedError:
                        raise
                    except StoreUnavailableError as error:
                        failure = error
                    await asyncio.sleep(RETRY_S)
        except TimeoutError:
            raise failure from None

    async def _keep(self, verification: Verification) -> Verification:
        try:
            return await asyncio.to_thread(self._box.put, verification)
        except (OSError, CorruptLetterError) as error:
            log.error(
                "verdict_lost",
                verification=str(verification.opening.id),
                verdict=verification.verdict.value,
                reason=verification.reason.value,
                error=str(error),
                advice="free space in the outbox folder and check who may write there",
            )
            return verification
        finally:
            self._postman.letter_posted()

    async def _noticing(self, statement: Awaitable[T]) -> T:
        answer = await statement
        self._postman.store_answered()
        return answer


def unavailable(verification: Verification) -> Verification:
    """Return the verification as it ends without PostgreSQL: attempts kept, no evidence told.

    No number either: what is INCONCLUSIVE is not counted.
    """
    return replace(
        verification,
        opening=replace(verification.opening, caller_number=""),
        verdict=Verdict.INCONCLUSIVE,
        reason=Reason.UNAVAILABLE,
        llr=None,
        threshold=None,
        confidence=0,
    )
