"""The API: verifications a second through it, against the same engine calls without it."""

from __future__ import annotations

import asyncio
import io
import wave
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from time import perf_counter

from engine import SpeakerEngine
from engine.audio.files import read_audio
from engine.types import TELEPHONE_RATE_HZ, Pcm
from ivr.api.office import ApiOffice
from ivr.api.scopes import Scope
from ivr.api.server import api_server
from ivr.api.tokens import Token, new_token
from ivr.clock import SystemClock
from ivr.domain.call import AccountId, TenantId
from ivr.domain.lockout import LockoutRules
from ivr.domain.operating_point import OwnRates
from ivr.domain.profile import Profile
from ivr.domain.verification import Opening, Verification
from ivr.domain.watchlist import Suspect
from ivr.lab.bench.asking import APP
from ivr.lab.bench.cores import only
from ivr.lab.bench.person import ACCOUNT, TENANT, enroll, recordings
from ivr.lab.freeports import LOOPBACK
from ivr.offline import Office, verify
from ivr.settings import Api
from ivr.storage import (
    Database,
    EmbeddedPostgres,
    Keyring,
    PostgresStore,
    make_master_file,
    migrate,
)
from ivr.voice import EngineVoice
from ivr.words import Words

CORES = 2
AT_ONCE = 4
BATCH = 12
NEVER = LockoutRules(delay_after=1_000_000, delay_s=0.0, lock_after=1_000_000)
"""The same recordings come again and again and are rejected as replays: the work is the same."""

Once = Callable[[bytes], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class ApiFigures:
    """Verifications a second, in batches that took turns."""

    cores: int
    through_api: tuple[float, ...]
    direct: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """How many of the engine's verifications are left through the API; 1: all of them."""
        turns = sorted(a / d for a, d in zip(self.through_api, self.direct, strict=True))
        return turns[len(turns) // 2]


def measure_api(folder: Path, turns: int) -> ApiFigures:
    """Measure with a PostgreSQL of its own; clients, server and engine share the cores."""
    with only(CORES) as cores:
        through_api, direct = asyncio.run(_measure(folder, turns))
    return ApiFigures(cores, through_api, direct)


async def _measure(folder: Path, turns: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    engine = await asyncio.to_thread(SpeakerEngine.load)
    voice = EngineVoice(engine, await asyncio.to_thread(Words.load, ["en-US"]))
    master_file = folder / "master-key"
    takes = [_wav(each) for each in await asyncio.to_thread(recordings)]
    async with EmbeddedPostgres(folder / "postgres") as postgres:
        await migrate(postgres.dsn)
        await enroll(postgres.dsn, master_file, engine, APP)
        async with await Database.connect(postgres.dsn) as database:
            keyring = await Keyring.open(database, make_master_file(master_file))
            store = PostgresStore(database, keyring, NEVER)
            files = Office(store, voice, keyring, SystemClock())
            office = ApiOffice.of(files, database, keyring)
            measured = await _in_turns(office, keyring, takes, turns)
    await voice.close()
    return measured


async def _in_turns(
    office: ApiOffice, keyring: Keyring, takes: Sequence[bytes], turns: int
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    settings = Api(enabled=True, port=0, requests_per_s=10_000, burst=100_000)
    through_api: list[float] = []
    direct: list[float] = []
    token = await _token(office)
    async with api_server(settings, office) as port:
        assert port is not None, "it is enabled"
        asking = _asking(port, token)
        # The first batches only warm caches up.
        await _rate(asking, takes)
        await _rate(await _directly(office, keyring), takes)
        for _ in range(turns):
            through_api.append(await _rate(asking, takes))
            direct.append(await _rate(await _directly(office, keyring), takes))
    return tuple(through_api), tuple(direct)


async def _rate(once: Once, takes: Sequence[bytes]) -> float:
    """Verify a batch, so many at once, and return how many were done a second."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with slots:
            await once(takes[number % len(takes)])

    began_s = perf_counter()
    await asyncio.gather(*(one(number) for number in range(BATCH)))
    return BATCH / (perf_counter() - began_s)


def _asking(port: int, token: Token) -> Once:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "audio/wav"}

    def ask(take: bytes) -> None:
        connection = HTTPConnection(LOOPBACK, port, timeout=60)
        connection.request("POST", f"/v1/profiles/{ACCOUNT}/verify", take, headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"the API answered {answer.status}: {body[:200]!r}")

    return lambda take: asyncio.to_thread(ask, take)


async def _directly(office: ApiOffice, keyring: Keyring) -> Once:
    """The same calls of the engine, on the profile as it is now, without a database."""
    profile = await office.files.store.find(TENANT, ACCOUNT)
    assert profile is not None, "it was enrolled"
    files = Office(
        _NoDatabase(office.database, keyring, profile), office.files.voice, keyring, SystemClock()
    )

    async def once(take: bytes) -> Verification:
        return await verify(TENANT, ACCOUNT, await asyncio.to_thread(read_audio, take), files)

    return once


class _NoDatabase(PostgresStore):
    """One profile at hand, and nothing that is written."""

    def __init__(self, database: Database, keyring: Keyring, profile: Profile) -> None:
        super().__init__(database, keyring)
        self._profile = profile

    async def find(self, tenant: TenantId, account: AccountId) -> Profile | None:
        del tenant, account
        return self._profile

    async def watchlist(self, tenant: TenantId) -> Sequence[Suspect]:
        del tenant
        return ()

    async def open(self, opening: Opening) -> OwnRates:
        del opening
        return {}

    async def close(self, verification: Verification) -> Verification:
        return verification


async def _token(office: ApiOffice) -> Token:
    token = new_token()
    who = {"who": APP, "why": "to measure"}
    await office.keys.add(TENANT, token.id, "bench", token.hash, [Scope.VERIFY], None, **who)
    return token


def _wav(pcm: Pcm) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(TELEPHONE_RATE_HZ)
        sound.writeframes(pcm.astype("<i2").tobytes())
    return file.getvalue()
