"""A write with an idempotency key is done once: sent again, it gets the answer it had."""

from __future__ import annotations

import asyncio
import hashlib

import msgspec

from ivr.api.errors import ConflictError, InvalidRequestError, ReusedKeyError
from ivr.api.operations import Operation, Uploads, Visit
from ivr.storage import Asked

HEADER = "Idempotency-Key"
HEADER_MAX_CHARACTERS = 255

Answer = tuple[int, bytes]
"""Status, and JSON or nothing."""


async def answer(operation: Operation, visit: Visit) -> Answer:
    """Do what is asked, or return what was answered when the same was asked before.

    `ConflictError` while the first is still being done, `ReusedKeyError` where the key came with
    another request.
    """
    name = visit.request.headers.get(HEADER)
    if name is None or not operation.writes:
        return await _performed(operation, visit)
    return await _once(operation, visit, await _asked(name, visit))


async def _once(operation: Operation, visit: Visit, asked: Asked) -> Answer:
    answers = visit.office.answers
    known = await answers.begin(asked, visit.office.files.clock.now())
    if known is not None:
        if not known.same:
            raise ReusedKeyError(f"this {HEADER} came with another request before; take a new one")
        if known.status is None or known.body is None:
            raise ConflictError("the same request is being done right now; ask again in a moment")
        return known.status, known.body
    try:
        status, body = await _performed(operation, visit)
    except BaseException:
        # Whoever hung up is answered no more, but what was not done must be free to be done.
        await asyncio.shield(answers.drop(asked))
        raise
    # An empty answer names nobody: that of an erasure is kept after all else was erased.
    await answers.keep(asked, status, body, visit.account if body else None)
    return status, body


async def _performed(operation: Operation, visit: Visit) -> Answer:
    if operation.uploads is Uploads.NONE:
        return _told(operation, await operation.perform(visit))
    # Who sends slowly has no turn meanwhile.
    await visit.body()
    async with visit.turns.turn():
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
        hashlib.sha256(what + body.digest).digest(),
    )
