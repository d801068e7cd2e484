"""A write with an idempotency key is done once: sent again, it gets the answer it had."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import msgspec

from ivr.api.errors import ConflictError, InvalidRequestError, ReusedKeyError
from ivr.api.operations import Operation, Uploads, Visit
from ivr.ports import StoreUnavailableError
from ivr.storage import Answered, ApiAnswers, Asked, Undertaking

HEADER = "Idempotency-Key"
HEADER_MAX_CHARACTERS = 255
RENEWED_EVERY_S = 20.0
"""Some may fail before anybody takes a request for abandoned (`ivr.storage.api_answers`)."""

Answer = tuple[int, bytes]
"""Status, and JSON or nothing."""


async def answer(operation: Operation, visit: Visit) -> Answer:
    """Do what is asked, or return what was answered when the same was asked before.

    `ConflictError` while the first is still being done, `ReusedKeyError` where the key came with
    another request, `BusyError` for an upload that there is no place for.
    """
    if operation.uploads is Uploads.NONE:
        return await _answer(operation, visit)
    with visit.turns.place(visit.tenant):
        return await _answer(operation, visit)


async def _answer(operation: Operation, visit: Visit) -> Answer:
    name = visit.request.headers.get(HEADER)
    if name is None or not operation.writes:
        return await _performed(operation, visit)
    return await _once(operation, visit, await _asked(name, visit))


async def _once(operation: Operation, visit: Visit, asked: Asked) -> Answer:
    answers = visit.office.answers
    undertaking = await answers.begin(asked, visit.office.files.clock.now())
    if isinstance(undertaking, Answered):
        return _told_again(undertaking)
    visit.undertaking = undertaking
    async with _renewed(answers, undertaking):
        try:
            status, body = await _performed(operation, visit)
        except BaseException:
            # Whoever hung up is answered no more, but what was not done must be free to be done.
            await asyncio.shield(answers.drop(undertaking))
            raise
        await answers.keep(undertaking, status, body)
    return status, body


def _told_again(known: Answered) -> Answer:
    if not known.same:
        raise ReusedKeyError(f"this {HEADER} came with another request before; take a new one")
    if known.status is None or known.body is None:
        raise ConflictError("the same request is being done right now; ask again in a moment")
    return known.status, known.body


@asynccontextmanager
async def _renewed(answers: ApiAnswers, undertaking: Undertaking) -> AsyncIterator[None]:
    """Keep others from taking a request over while it waits for its turn and is done."""
    renewing = asyncio.create_task(_renew(answers, undertaking))
    try:
        yield
    finally:
        renewing.cancel()
        await asyncio.wait({renewing})


async def _renew(answers: ApiAnswers, undertaking: Undertaking) -> None:
    while True:
        await asyncio.sleep(RENEWED_EVERY_S)
        with suppress(StoreUnavailableError):
            await answers.renew(undertaking)


async def _performed(operation: Operation, visit: Visit) -> Answer:
    if operation.uploads is Uploads.NONE:
        return _told(operation, await operation.perform(visit))
    # Who sends slowly has no turn meanwhile.
    await visit.body()
    async with visit.turns.turn(visit.tenant):
        return _told(operation, await operation.perform(visit))


def _told(operation: Operation, given: msgspec.Struct | None) -> Answer:
    if given is None:
        return operation.status, b""
    return operation.status, msgspec.json.encode(given)


async def _asked(name: str, visit: Visit) -> Asked:
    if not 0 < len(name) <= HEADER_MAX_CHARACTERS:
        raise InvalidRequestError(f"{HEADER} has 1 to {HEADER_MAX_CHARACTERS} characters")
    body = await visit.body()
    request = visit.request
    what = f"{request.method} {request.raw_path}\n".encode(errors="surrogateescape")
    return Asked(
        visit.tenant,
        visit.program.key,
        hashlib.sha256(name.encode(errors="surrogateescape")).digest(),
        # Keyed: an account in the path could be found by trying, after the person was erased too.
        visit.tag("idempotency", what + body.digest),
    )
