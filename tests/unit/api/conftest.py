"""The API on a real database, with the real engine, over a real socket."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import soundfile

from ivr.api.office import ApiOffice
from ivr.api.scopes import Scope
from ivr.api.server import api_server
from ivr.api.tokens import Token, new_token
from ivr.clock import SystemClock
from ivr.domain.call import TenantId
from ivr.flows.rules import EnrollRules, VerifyRules
from ivr.offline import Office
from ivr.settings import Api
from ivr.storage import Database, Keyring, Outbox, PostgresStore
from ivr.voice import EngineVoice
from ivr.words import Words
from tests.unit.offline.conftest import ENGINE, SHORT
from tests.unit.offline.files import sung

TENANT = TenantId("harbour bank")
OTHER_TENANT = TenantId("quay bank")

Maker = Callable[..., Awaitable[Token]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """By names in any case."""
    json: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Client:
    """A program that asks, with one key."""

    session: aiohttp.ClientSession
    base: str
    token: str

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, **more: Any
    ) -> Answer:
        """Send a request and read its answer; an empty one is {}."""
        own = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        async with self.session.request(method, self.base + path, headers=own, **more) as response:
            body = await response.json(content_type=None) if await response.read() else {}
            return Answer(response.status, response.headers, body)


def wav(seed: int, who: float) -> bytes:
    """Return a recording of somebody, as a WAV file."""
    file = io.BytesIO()
    soundfile.write(file, sung(seed, who).pcm, 8000, subtype="PCM_16", format="WAV")
    return file.getvalue()


@pytest.fixture
def outbox_folder(tmp_path: Path) -> Path:
    """Where verdicts of calls wait, in the service that serves the API as well."""
    return tmp_path / "outbox"


@pytest.fixture
async def api_office(
    database: Database, keyring: Keyring, outbox_folder: Path
) -> AsyncIterator[ApiOffice]:
    """Six seconds of free speech enroll here, two verify; what is sung has no words."""
    voice = EngineVoice(ENGINE, Words([]), 2)
    store = PostgresStore(database, keyring)
    files = Office(
        store,
        voice,
        keyring,
        SystemClock(),
        VerifyRules(free=SHORT),
        EnrollRules(free=SHORT),
    )
    outbox = Outbox(outbox_folder, store, keyring.outbox_key())
    yield ApiOffice.of(files, database, keyring, outbox=outbox)
    await voice.close()


@pytest.fixture
def api_settings() -> Api:
    """Any free port; enough requests for a test."""
    return Api(enabled=True, port=0, body_max_octets=1_000_000, burst=1000)


@pytest.fixture
async def api_base(api_office: ApiOffice, api_settings: Api) -> AsyncIterator[str]:
    """Where the API is served."""
    async with api_server(api_settings, api_office) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def make_token(api_office: ApiOffice) -> Maker:
    """Makes a key, of every scope and of one tenant unless told otherwise."""

    async def make(tenant: TenantId = TENANT, scopes: tuple[Scope, ...] = tuple(Scope)) -> Token:
        token = new_token()
        await api_office.keys.add(
            tenant, token.id, "test", token.hash, scopes, None, who="test", why="test"
        )
        return token

    return make


@pytest.fixture
async def client(api_base: str, make_token: Maker) -> AsyncIterator[Client]:
    """A program with every scope."""
    async with aiohttp.ClientSession() as session:
        yield Client(session, api_base, str(await make_token()))
