"""The client against a small server that behaves as no present Asterisk does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from ivr.ari import AriAddress, AriClient, AriUnreachableError, Connected, Disconnected, websocket
from ivr.ari.events import StasisEnd, StasisStart
from tests.patience import PATIENCE_S
from tests.unit.ari.test_events import CAPTURED

PING = {"ping": "pong", "timestamp": "2026-11-23T18:00:00.000+0000", "asterisk_id": "old"}


class OldAsterisk:
    """Sends events, and does not answer requests on the websocket."""

    def __init__(self) -> None:
        self.headers: list[str] = []
        self.addresses: list[str] = []
        self.sent = [CAPTURED["StasisStart"], '{"type":"StasisEnd"}', CAPTURED["StasisEnd"]]
        self.leaving = asyncio.Event()

    async def ping(self, request: web.Request) -> web.Response:
        """Answer over HTTP."""
        self._note(request)
        return web.json_response(PING)

    async def events(self, request: web.Request) -> web.WebSocketResponse:
        """Send what there is at once, take whatever comes, and close when told to."""
        self._note(request)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        for message in self.sent:
            await socket.send_str(message)
        await self.leaving.wait()
        await socket.close()
        return socket

    def _note(self, request: web.Request) -> None:
        self.headers.append(request.headers["Authorization"])
        self.addresses.append(request.path_qs)


@pytest.fixture
def old() -> OldAsterisk:
    """What the server does and has seen."""
    return OldAsterisk()


@pytest.fixture
async def address(old: OldAsterisk, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AriAddress]:
    """A server that is up; the client does not wait long for what it never says."""
    monkeypatch.setattr(websocket, "PROBE_TIMEOUT_S", 0.05)
    app = web.Application()
    app.router.add_get("/ari/events", old.events)
    app.router.add_get("/ari/asterisk/ping", old.ping)
    async with TestServer(app) as server:
        yield AriAddress(f"http://127.0.0.1:{server.port}", "user", "word", "app")
        old.leaving.set()


async def test_an_asterisk_without_requests_on_the_websocket_is_asked_over_http(
    old: OldAsterisk, address: AriAddress
) -> None:
    """It is noticed when connecting; no event is lost meanwhile."""
    async with AriClient(address) as client:
        assert (await client.asterisk.ping()).asterisk_id == "old"
        events = client.events()
        async with asyncio.timeout(PATIENCE_S):
            assert await anext(events) == Connected(first=True)
            assert isinstance(await anext(events), StasisStart)
    assert old.addresses == ["/ari/events?app=app&subscribeAll=false", "/ari/asterisk/ping"]
    assert set(old.headers) == {"Basic dXNlcjp3b3Jk"}


async def test_a_malformed_event_is_logged_and_the_next_one_arrives(
    address: AriAddress, capsys: pytest.CaptureFixture[str]
) -> None:
    """One bad event costs itself only."""
    async with AriClient(address) as client:
        events = client.events()
        async with asyncio.timeout(PATIENCE_S):
            kinds = [type(await anext(events)) for _ in range(3)]
    assert kinds == [Connected, StasisStart, StasisEnd]
    logged = capsys.readouterr().out
    assert "ari.malformed_event" in logged
    assert "missing required field `channel`" in logged


async def test_a_websocket_closed_in_good_order_is_a_lost_one(
    old: OldAsterisk, address: AriAddress
) -> None:
    """An Asterisk that stops says goodbye; the client comes back all the same."""
    old.sent = []
    async with AriClient(address, backoff=lambda _: 0.0) as client:
        events = client.events()
        async with asyncio.timeout(PATIENCE_S):
            assert await anext(events) == Connected(first=True)
            old.leaving.set()
            assert isinstance(await anext(events), Disconnected)
            old.leaving.clear()
            assert await anext(events) == Connected(first=False)


async def test_events_end_when_the_client_is_closed(address: AriAddress) -> None:
    """Whoever reads them is not left waiting, then or later."""
    async with AriClient(address) as client:
        connected = asyncio.Event()
        reading = asyncio.create_task(drain(client, connected))
        await connected.wait()
    async with asyncio.timeout(PATIENCE_S):
        await reading
        await drain(client, connected)


async def drain(client: AriClient, connected: asyncio.Event) -> None:
    """Read until there is no more, and tell when the first notice came."""
    async for _ in client.events():
        connected.set()


async def test_a_client_outside_its_block_says_so() -> None:
    """A mistake of the program's, told as one."""
    client = AriClient(AriAddress("http://127.0.0.1:1", "user", "word", "app"))
    assert not client.connected
    with pytest.raises(RuntimeError, match="async with"):
        await client.asterisk.ping()


async def test_an_address_without_a_server_says_which_key_to_check() -> None:
    """Port 1 is nobody's."""
    with pytest.raises(AriUnreachableError, match=r"Connect call failed|refused"):
        await AriClient(AriAddress("http://127.0.0.1:1", "user", "word", "app")).__aenter__()
