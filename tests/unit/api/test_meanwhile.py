"""A person who is erased, reset or opts out while recordings are examined is not enrolled."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from ivr.api.application import application
from ivr.api.face import Reception
from ivr.api.faces import FACES
from ivr.api.office import ApiOffice
from ivr.api.rate import RateLimit
from ivr.domain.call import AccountId
from ivr.domain.enrollment import Enrollment, EnrollmentReason
from ivr.offline import enroll
from ivr.storage import Database, Keyring, PostgresStore, ProfileAdministration, Terms
from tests.unit.api.conftest import TENANT, Client, Maker
from tests.unit.api.test_own import enrolled
from tests.unit.jobs.test_batches import rows
from tests.unit.offline.conftest import ORDER
from tests.unit.offline.files import three

ACCOUNT = AccountId("4711")
ANN = {"who": "ann", "why": "asked to"}
KEPT = ("recordings", "voiceprints", "consents")

Change = Callable[[ProfileAdministration], Awaitable[object]]
CHANGES: dict[str, Change] = {
    "erased": lambda profiles: profiles.erase(TENANT, ACCOUNT, **ANN),
    "reset": lambda profiles: profiles.reset(TENANT, ACCOUNT, **ANN),
    "opted out": lambda profiles: profiles.opt_out(TENANT, ACCOUNT, **ANN),
}


class _ChangedMeanwhile(PostgresStore):
    """Somebody asks for it while the voice is being computed."""

    def __init__(self, database: Database, keyring: Keyring, change: Change) -> None:
        super().__init__(database, keyring)
        self._profiles, self._change = ProfileAdministration(database), change

    async def enroll(self, enrollment: Enrollment) -> Enrollment:
        await self._change(self._profiles)
        return await super().enroll(enrollment)


@pytest.fixture(params=CHANGES)
def changing(
    request: pytest.FixtureRequest, api_office: ApiOffice, database: Database, keyring: Keyring
) -> ApiOffice:
    """An office in which it happens, each time."""
    store = _ChangedMeanwhile(database, keyring, CHANGES[request.param])
    return replace(api_office, files=replace(api_office.files, store=store))


async def _check_nothing_is_kept(database_dsn: str) -> None:
    for table in KEPT:
        assert await rows(database_dsn, f"SELECT id FROM {table}") == []
    assert await rows(database_dsn, "SELECT id FROM profiles WHERE state = 'enrolled'") == []
    named = "SELECT id FROM enrollments WHERE account IS NOT NULL"
    assert await rows(database_dsn, named) == []


async def test_an_upload_does_not_bring_a_person_back(
    changing: ApiOffice, make_token: Maker, database_dsn: str
) -> None:
    """A conflict is answered, and neither voice nor consent is kept, nor whose it was."""
    reception = Reception(changing, RateLimit(100, 100, lambda: 0.0), 1_000_000)
    async with (
        TestServer(application(reception, FACES)) as server,
        aiohttp.ClientSession() as session,
    ):
        client = Client(session, str(server.make_url("")).rstrip("/"), str(await make_token()))
        answer = await enrolled(client)
        assert (answer.status, answer.json["code"]) == (409, "conflict")
    await _check_nothing_is_kept(database_dsn)


async def test_nor_does_the_command(changing: ApiOffice, database_dsn: str) -> None:
    """Of a profile that was there when it began."""
    terms = Terms(ORDER.consent, ORDER.locale, ORDER.mode, ORDER.phrase)
    assert await changing.drafts.begin(TENANT, ACCOUNT, terms, **ANN)
    found = await enroll(replace(ORDER, tenant=TENANT, account=ACCOUNT), three(), changing.files)
    assert found.enrollment.reason is EnrollmentReason.NO_CONSENT
    await _check_nothing_is_kept(database_dsn)
