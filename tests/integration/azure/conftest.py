"""The Azure-compatible API on a real database, with the real engine and rendered voices."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
import soundfile

from engine import SpeakerEngine
from engine.audio.pcm import to_float, to_int
from engine.audio.resample import upsample
from engine.enrollment import EnrollmentRules
from ivr.api.office import ApiOffice
from ivr.api.scopes import Scope
from ivr.api.server import api_server
from ivr.api.tokens import new_token
from ivr.clock import SystemClock
from ivr.domain.call import TenantId
from ivr.flows.rules import EnrollRules, FreeSpeechRules, VerifyRules
from ivr.lab.apt import AptError
from ivr.lab.speech import Synthesiser, Voice, render, synthetic
from ivr.offline import Office
from ivr.settings import Api
from ivr.storage import Database, Keyring, PostgresStore
from ivr.voice import EngineVoice
from ivr.words import Words

TENANT = TenantId("harbour bank")
OTHER_TENANT = TenantId("quay bank")
VERSION = "?api-version=2021-09-05"
PASSPORT = "my voice is my passport verify me"
STORY = (
    "The ferry leaves the harbour every morning at seven and comes back after dark.",
    "Whoever wants to cross must be on the quay ten minutes before it sails.",
    "In winter the crossing takes an hour longer, because of the wind from the north.",
)
FREE = FreeSpeechRules(enroll=EnrollmentRules(1, 50, speech_s=8.0), verify_s=2.5)
"""Less than Azure asked for, so that the tests take less time."""


@pytest.fixture(scope="session", autouse=True)
def flite() -> None:
    """Fetch flite; skip, with the reason, where Debian's packages cannot be had."""
    try:
        render("Hello.", Voice(Synthesiser.FLITE, "slt"))
    except AptError as lack:
        pytest.skip(f"no flite: {lack}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """By names in any case."""
    json: dict[str, Any]

    @property
    def error(self) -> tuple[int, str]:
        """Status and code of an error; the header says the same code."""
        detail = self.json["error"]
        assert set(self.json) == {"error"}
        assert set(detail) == {"code", "message"}
        assert detail["message"]
        assert self.headers["x-ms-error-code"] == detail["code"]
        return self.status, detail["code"]


@dataclass(frozen=True, slots=True)
class Program:
    """A program written for Azure, with the address and the key changed."""

    session: aiohttp.ClientSession
    endpoint: str
    key: str

    async def ask(
        self, method: str, path: str, data: bytes | None = None, kind: str = "audio/wav"
    ) -> Answer:
        """Send a request as the samples do, and read its answer."""
        headers = {"Ocp-Apim-Subscription-Key": self.key}
        if data is not None:
            headers["Content-Type"] = kind
        where = f"{self.endpoint}/speaker-recognition{path}"
        async with self.session.request(method, where, headers=headers, data=data) as response:
            content = await response.read()
            return Answer(response.status, response.headers, json.loads(content or "{}"))

    async def make(self, kind: str, locale: str = "en-us") -> str:
        """Make a profile under `kind`'s paths, and return its id."""
        body = json.dumps({"locale": locale}).encode()
        made = await self.ask("POST", f"/{kind}/profiles{VERSION}", body, "application/json")
        assert made.status == 201, made.json
        return str(made.json["profileId"])

    async def enroll(self, kind: str, profile: str, wav: bytes, more: str = "") -> Answer:
        """Send one recording."""
        return await self.ask("POST", f"/{kind}/profiles/{profile}/enrollments{VERSION}{more}", wav)

    async def verify(self, kind: str, profile: str, wav: bytes, more: str = "") -> Answer:
        """Have a recording compared."""
        return await self.ask("POST", f"/{kind}/profiles/{profile}:verify{VERSION}{more}", wav)

    async def show(self, kind: str, profile: str) -> dict[str, Any]:
        """Return a profile."""
        return (await self.ask("GET", f"/{kind}/profiles/{profile}{VERSION}")).json


def said(who: str, text: str, take: int) -> bytes:
    """Return somebody's words as Azure took them: WAV, 16 kHz, 16 bit, mono."""
    samples = upsample(to_float(synthetic(who).say(text, take)))
    file = io.BytesIO()
    soundfile.write(file, to_int(samples), 16_000, subtype="PCM_16", format="WAV")
    return file.getvalue()


def told(who: str, take: int) -> bytes:
    """Return somebody's story: some twelve seconds."""
    return said(who, " ".join(STORY), take)


@pytest.fixture
async def azure_office(database: Database, keyring: Keyring) -> AsyncIterator[ApiOffice]:
    """Words are recognised; people agree to a wording of the site's."""
    voice = EngineVoice(SpeakerEngine.load(), Words.load(["en-US"]), 2)
    files = Office(
        PostgresStore(database, keyring),
        voice,
        keyring,
        SystemClock(),
        VerifyRules(free=FREE),
        EnrollRules(free=FREE),
    )
    yield ApiOffice.of(files, database, keyring, "site/1")
    await voice.close()


@pytest.fixture
async def program(azure_office: ApiOffice) -> AsyncIterator[Program]:
    """A program that may do everything."""
    settings = Api(enabled=True, port=0, burst=1000)
    async with api_server(settings, azure_office) as port, aiohttp.ClientSession() as session:
        key = await key_for(azure_office, TENANT)
        yield Program(session, f"http://127.0.0.1:{port}", key)


async def key_for(
    office: ApiOffice, tenant: TenantId, scopes: tuple[Scope, ...] = tuple(Scope)
) -> str:
    """Make an API key, and return it as a program holds it."""
    token = new_token()
    await office.keys.add(
        tenant, token.id, "test", token.hash, scopes, None, who="test", why="test"
    )
    return str(token)
