"""Uploads: a few at a time, piece by piece, and never before a caller."""

from __future__ import annotations

import asyncio
import io
import itertools
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from functools import cache
from pathlib import Path

import aiohttp
import numpy as np
import pytest
import soundfile
from aiohttp.test_utils import TestServer

from engine.types import Quality, Voiceprint
from ivr.api import operations
from ivr.api.application import application
from ivr.api.bodies import Part
from ivr.api.errors import BusyError, RefusedAudioError, TooLargeError
from ivr.api.face import Reception
from ivr.api.faces import FACES
from ivr.api.office import ApiOffice
from ivr.api.rate import RateLimit
from ivr.api.recordings import TOTAL_MAX_S, decoded
from ivr.api.turns import Turns
from ivr.app import api_office as composed
from ivr.settings import Configuration
from ivr.storage import Database, Keyring, Outbox, PostgresStore
from ivr.voice import EngineVoice
from ivr.words import Words
from tests.patience import PATIENCE_S
from tests.unit.api.conftest import OTHER_TENANT, Client, Maker, wav
from tests.unit.api.test_own import PROFILE, WAV
from tests.unit.offline.conftest import ENGINE
from tests.unit.offline.files import HIM

VERIFY = "/v1/profiles/4711/verify"
NOT_MEASURED = Quality(0.0, 0.0, -100.0, 0.0)


@cache
def quiet(seconds: float) -> bytes:
    """Return so much silence in few octets, as Ogg Opus; minutes of it take long to encode."""
    file = io.BytesIO()
    silence = np.zeros(round(seconds * 8000), np.float32)
    soundfile.write(file, silence, 8000, subtype="OPUS", format="OGG")
    return file.getvalue()


class Held:
    """A measurement that takes until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()

    def quality(self) -> Quality:
        """Wait."""
        assert self.go.wait(2 * PATIENCE_S), "it was let go"
        return NOT_MEASURED


async def test_no_caller_waits_behind_a_program(
    database: Database, keyring: Keyring, outbox_folder: Path
) -> None:
    """All threads of the API may be at work for as long as they like."""
    calls = EngineVoice(ENGINE, Words([]), 1)
    outbox = Outbox(outbox_folder, PostgresStore(database, keyring), keyring.outbox_key())
    async with composed(Configuration(), database, keyring, calls, outbox) as office:
        held = Held()
        programs = [asyncio.create_task(office.files.voice.measure(held)) for _ in range(8)]
        try:
            await asyncio.wait_for(calls.answers(), PATIENCE_S)
            assert not any(each.done() for each in programs)
        finally:
            held.go.set()
            await asyncio.gather(*programs)
    await calls.close()


async def test_no_caller_waits_while_many_recordings_are_compared(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each with all others, which takes a second where all are of other people."""

    def compared(_: EngineVoice, voiceprints: Sequence[Voiceprint]) -> tuple[int, ...]:
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()
        return tuple(range(len(voiceprints)))

    monkeypatch.setattr(EngineVoice, "of_one_voice", compared)
    suspects = "/v1/watchlists/fraud/suspects"
    added = await client.ask("POST", suspects, data=wav(1, HIM), headers=WAV)
    assert added.status == 201


async def test_only_so_many_have_their_turn() -> None:
    """The others wait, as many as may; one more is refused, and one that gave up has no place."""
    turns = Turns(at_once=2, waiting_max=1)
    async with AsyncExitStack() as at_work:
        for _ in range(2):
            at_work.enter_context(turns.place())
            await at_work.enter_async_context(turns.turn())
        waiting = asyncio.create_task(_turned(turns))
        await asyncio.sleep(0)
        with pytest.raises(BusyError) as refused:
            await _turned(turns)
        assert int(refused.value.headers["Retry-After"]) > 0
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        waiting = asyncio.create_task(_turned(turns))
        await asyncio.sleep(0)
        assert not waiting.done()
    await asyncio.wait_for(waiting, PATIENCE_S)


async def _turned(turns: Turns) -> None:
    with turns.place():
        async with turns.turn():
            pass


async def test_who_cannot_wait_is_told_when_to_come_again(
    api_office: ApiOffice, make_token: Maker
) -> None:
    """What is no upload is answered meanwhile."""
    turns = Turns(at_once=1, waiting_max=0)
    reception = Reception(api_office, RateLimit(100, 100, lambda: 0.0), 1_000_000, turns)
    async with (
        TestServer(application(reception, FACES)) as server,
        aiohttp.ClientSession() as session,
    ):
        client = Client(session, str(server.make_url("")).rstrip("/"), str(await make_token()))
        with turns.place():
            refused = await client.ask("POST", VERIFY, data=wav(1, HIM), headers=WAV)
            assert (refused.status, refused.json["code"]) == (503, "busy")
            assert refused.headers["Retry-After"]
            assert (await client.ask("GET", "/v1/profiles")).status == 200
        assert (await client.ask("POST", VERIFY, data=wav(1, HIM), headers=WAV)).status == 200


async def test_one_tenant_does_not_keep_the_others_out(
    api_office: ApiOffice, make_token: Maker
) -> None:
    """However many uploads of its own arrive slowly, or not at all."""
    turns, rest = Turns(at_once=1, waiting_max=3), asyncio.Event()
    reception = Reception(api_office, RateLimit(100, 100, lambda: 0.0), 1_000_000, turns)

    async def slowly() -> AsyncIterator[bytes]:
        yield wav(1, HIM)
        await rest.wait()

    async with (
        asyncio.timeout(PATIENCE_S),
        TestServer(application(reception, FACES)) as server,
        aiohttp.ClientSession() as session,
    ):
        base = str(server.make_url("")).rstrip("/")
        greedy = Client(session, base, str(await make_token()))
        other = Client(session, base, str(await make_token(OTHER_TENANT)))
        every = [
            asyncio.create_task(greedy.ask("POST", VERIFY, headers=WAV, data=slowly()))
            for _ in range(5)
        ]
        refused = [await each for each in itertools.islice(asyncio.as_completed(every), 2)]
        assert [each.status for each in refused] == [503, 503]
        assert (await other.ask("POST", VERIFY, headers=WAV, data=wav(1, HIM))).status == 200
        rest.set()
        answers = [(await each).status for each in every]
        assert sorted(answers) == [200, 200, 200, 503, 503]


class Watched(Turns):
    """Says when somebody has taken a place."""

    def __init__(self) -> None:
        super().__init__(at_once=1, waiting_max=0)
        self.taken = asyncio.Event()

    @contextmanager
    def place(self, owner: str = "") -> Iterator[None]:
        """Take one."""
        with super().place(owner):
            self.taken.set()
            yield


@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "once"}])
async def test_what_still_arrives_has_a_place_already(
    api_office: ApiOffice, make_token: Maker, headers: dict[str, str]
) -> None:
    """Or bodies without number would lie in memory before one of them is refused."""
    turns, rest = Watched(), asyncio.Event()
    reception = Reception(api_office, RateLimit(100, 100, lambda: 0.0), 1_000_000, turns)

    async def slowly() -> AsyncIterator[bytes]:
        yield wav(1, HIM)
        await rest.wait()

    async with (
        asyncio.timeout(PATIENCE_S),
        TestServer(application(reception, FACES)) as server,
        aiohttp.ClientSession() as session,
    ):
        client = Client(session, str(server.make_url("")).rstrip("/"), str(await make_token()))
        sent = client.ask("POST", VERIFY, headers={**WAV, **headers}, data=slowly())
        arriving = asyncio.create_task(sent)
        await turns.taken.wait()
        refused = await client.ask("POST", VERIFY, data=wav(2, HIM), headers=WAV)
        assert (refused.status, refused.json["code"]) == (503, "busy")
        rest.set()
        assert (await arriving).status == 200


async def test_what_does_not_arrive_gives_its_place_back(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program whose connection hangs is not waited for."""
    monkeypatch.setattr(operations, "ARRIVES_S", 0.1)

    async def never() -> AsyncIterator[bytes]:
        yield wav(1, HIM)
        await asyncio.Event().wait()

    async with asyncio.timeout(PATIENCE_S):
        answer = await client.ask("POST", VERIFY, headers=WAV, data=never())
    assert (answer.status, answer.json["code"]) == (400, "invalid_request")


def test_recordings_are_decoded_one_at_a_time() -> None:
    """The second is not looked at before the first was used."""
    parts = [Part(".ogg", quiet(1.0)), Part(".ogg", b"no sound")]
    files = decoded(parts)
    assert next(files).seconds == pytest.approx(1.0, abs=0.1)
    with pytest.raises(RefusedAudioError, match="recording 2 is refused"):
        next(files)


def test_one_recording_needs_no_number() -> None:
    """Where it is refused, it is the one that was sent."""
    with pytest.raises(RefusedAudioError, match="the recording is refused"):
        next(decoded([Part(".ogg", b"no sound")]))


def test_recordings_are_only_so_long_together() -> None:
    """However few octets they take."""
    part = Part(".ogg", quiet(290.0))
    assert len(part.content) < 1_000_000
    files = decoded([part] * 64)
    for _ in range(int(TOTAL_MAX_S // 290)):
        next(files)
    with pytest.raises(TooLargeError, match="600 s together"):
        next(files)


async def test_a_form_of_silence_is_refused_before_it_is_all_decoded(client: Client) -> None:
    """And nobody is enrolled, nor anything written."""
    await client.ask("POST", "/v1/profiles", json=PROFILE)
    form = aiohttp.FormData()
    for _ in range(8):
        form.add_field("recording", quiet(290.0), filename="x.ogg", content_type="audio/ogg")
    path = "/v1/profiles/4711/enrollments"
    answer = await client.ask("POST", path, data=form)
    assert (answer.status, answer.json["code"]) == (413, "too_large")
    assert (await client.ask("GET", "/v1/profiles/4711")).json["profile"]["state"] == "enrolling"
