"""Kept answers: what is kept so that nothing is done twice outlives no person it names."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import aiohttp
import asyncpg
import pytest
from aiohttp.test_utils import TestServer

from ivr.api import once
from ivr.api.application import application
from ivr.api.bodies import Body
from ivr.api.face import Reception
from ivr.api.faces import FACES
from ivr.api.office import ApiOffice
from ivr.api.rate import RateLimit
from ivr.api.tokens import Token
from ivr.api.turns import Turns
from ivr.domain.verification import Verification
from ivr.storage import Database, Keyring, PostgresStore, ProfileAdministration
from ivr.storage.api_answers import ABANDONED_AFTER
from tests.postgres import column, execute
from tests.unit.api.conftest import TENANT, Answer, Client, Maker, wav
from tests.unit.api.test_own import WAV, enrolled
from tests.unit.jobs.conftest import until
from tests.unit.jobs.test_batches import rows
from tests.unit.offline.files import HIM

AZURE = "/speaker-recognition/verification/text-independent/profiles"
VERSION = {"api-version": "2021-09-05"}


async def _kept(dsn: str) -> list[tuple[str | None, int, bytes]]:
    """Return about whom each kept answer is, its status and its body."""
    connection = await asyncpg.connect(dsn)
    rows = await connection.fetch("SELECT account, status, body FROM api_answers")
    await connection.close()
    return [tuple(row) for row in rows]


async def test_the_answer_to_an_erasure_names_nobody(client: Client, database_dsn: str) -> None:
    """It is kept after all about the person was erased; sent again, it is told again."""
    await enrolled(client)
    verify = "/v1/profiles/4711/verify"
    heard = {**WAV, "Idempotency-Key": "heard"}
    assert (await client.ask("POST", verify, data=wav(8, HIM), headers=heard)).status == 200
    assert [account for account, *_ in await _kept(database_dsn)] == ["4711"]
    erase = {"Idempotency-Key": "erase"}
    for _ in range(2):
        assert (await client.ask("DELETE", "/v1/profiles/4711", headers=erase)).status == 204
        assert await _kept(database_dsn) == [(None, 204, b"")]


async def test_the_answer_to_an_erasure_by_azures_api_names_nobody(
    client: Client, database_dsn: str
) -> None:
    """As by our own."""

    async def ask(method: str, path: str, name: str, **more: object) -> Answer:
        headers = {"Ocp-Apim-Subscription-Key": client.token, "Idempotency-Key": name}
        return await client.ask(method, path, headers=headers, params=VERSION, **more)

    made = await ask("POST", AZURE, "make", json={"locale": "en-US"})
    profile = made.json["profileId"]
    assert [account for account, *_ in await _kept(database_dsn)] == [profile]
    assert (await ask("DELETE", f"{AZURE}/{profile}", "erase")).status == 204
    assert await _kept(database_dsn) == [(None, 204, b"")]


async def test_the_answer_to_an_identification_is_not_kept(
    client: Client, database_dsn: str
) -> None:
    """It names many, and none of them could be taken out of it; nothing is done twice by it."""
    await enrolled(client)
    await client.ask("PUT", "/v1/groups/agents/members/4711")
    identify, headers = "/v1/groups/agents/identify", {**WAV, "Idempotency-Key": "who"}
    found = await client.ask("POST", identify, data=wav(8, HIM), headers=headers)
    assert found.json["found"] == "4711"
    assert await _kept(database_dsn) == []
    await client.ask("DELETE", "/v1/profiles/4711")
    again = await client.ask("POST", identify, data=wav(8, HIM), headers=headers)
    assert (again.json["found"], again.json["ranked"]) == (None, [])


@asynccontextmanager
async def _served(office: ApiOffice, turns: Turns, token: Token) -> AsyncIterator[Client]:
    reception = Reception(office, RateLimit(100, 100, lambda: 0.0), 1_000_000, turns)
    async with (
        TestServer(application(reception, FACES)) as server,
        aiohttp.ClientSession() as session,
    ):
        yield Client(session, str(server.make_url("")).rstrip("/"), str(token))


def _verification(client: Client, name: str) -> Callable[[], Coroutine[Any, Any, Answer]]:
    headers = {**WAV, "Idempotency-Key": name}
    path = "/v1/profiles/4711/verify"
    return partial(client.ask, "POST", path, headers, data=wav(8, HIM))


class _ErasedMeanwhile(PostgresStore):
    """Somebody erases the person before the verdict is written."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        super().__init__(database, keyring)
        self._profiles = ProfileAdministration(database)

    async def close(self, verification: Verification) -> Verification:
        assert verification.claim is not None
        told = {"who": "ann", "why": "asked to"}
        await self._profiles.erase(TENANT, verification.claim.account, **told)
        return await super().close(verification)


async def test_the_answer_about_who_is_erased_meanwhile_is_not_kept(
    api_office: ApiOffice,
    make_token: Maker,
    database: Database,
    keyring: Keyring,
    database_dsn: str,
) -> None:
    """It is told this once; sent again, nobody is found."""
    store = _ErasedMeanwhile(database, keyring)
    office = replace(api_office, files=replace(api_office.files, store=store))
    async with _served(office, Turns(), await make_token()) as client:
        await enrolled(client)
        verify = _verification(client, "heard")
        assert (await verify()).json["reason"] == "MATCH"
        assert await _kept(database_dsn) == []
        assert (await verify()).json["reason"] == "NOT_ENROLLED"


async def test_a_request_that_waits_for_long_is_done_once(
    api_office: ApiOffice,
    make_token: Maker,
    database_dsn: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Sent again meanwhile it is a conflict: done twice, it would repeat its own recording."""
    monkeypatch.setattr(once, "RENEWED_EVERY_S", 0.05)

    async def seen() -> bool:
        recent = f"created_at > now() - interval '{ABANDONED_AFTER}'"
        return bool(await rows(database_dsn, f"SELECT FROM api_answers WHERE {recent}"))

    turns = Turns(at_once=1)
    async with _served(api_office, turns, await make_token()) as client:
        await enrolled(client)
        verify = _verification(client, "long")
        async with turns.turn():
            first = asyncio.create_task(verify())
            await until(seen)
            await execute(database_dsn, "UPDATE api_answers SET created_at = now() - interval '1h'")
            await until(seen)
            assert (await verify()).status == 409
        answered = await first
        assert answered.json["reason"] == "MATCH"
        assert (await verify()).json == answered.json


def test_only_what_changes_something_is_kept() -> None:
    """Of all that is not asked by GET, an identification alone only looks."""
    looks = {
        each.name
        for face in FACES
        for each in face.operations
        if each.method != "GET" and not each.writes
    }
    assert looks == {"identify", "identify_single_speaker"}


async def test_no_account_is_found_by_trying_in_what_is_kept(
    client: Client, database_dsn: str
) -> None:
    """A dump holds which requests were sent, for a day: of who was erased, no plain hash."""
    await enrolled(client)
    path, headers = "/v1/profiles/4711", {"Idempotency-Key": "erase"}
    assert (await client.ask("DELETE", path, headers=headers)).status == 204
    kept = await column(database_dsn, "SELECT request FROM api_answers")
    tried = f"DELETE {path}\n".encode() + Body().digest
    assert kept
    assert hashlib.sha256(tried).digest() not in kept
