"""A desk that runs: the real pages and the real database, without a telephone."""

from __future__ import annotations

import asyncio
import json
import math
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import aiohttp

from engine.types import ModelId
from ivr.desk import (
    Address,
    DeskRules,
    InUse,
    Measured,
    ModelInUse,
    PointInUse,
    Search,
    desk_part,
    hash_password,
)
from ivr.desk.guard import COOKIE, CSRF_HEADER
from ivr.domain.call import CallId, TenantId
from ivr.domain.desk import DeskUser, Role, StepUp, StepUpState
from ivr.domain.operating_point import PointPurpose
from ivr.lab.freeports import free_port
from ivr.storage.database import Database
from ivr.storage.desk_calls import DeskCalls
from ivr.storage.desk_feed import DeskFeed, desk_feed
from ivr.storage.desk_users import DeskUsers
from ivr.storage.keys import Keyring
from ivr.storage.operating_points import OperatingPoints
from tests.patience import PATIENCE_S
from tests.postgres import MASTER
from tests.unit.storage.records import MODEL, TENANT, WORKER

PASSWORD = "correct horse battery"
KEPT = hash_password(PASSWORD, cost=16)
"""A cheap hash: what it costs is no concern of these tests."""
TOKEN = "a token of programs"

MODEL_IN_USE = ModelInUse(
    id=ModelId(MODEL),
    description="A model of the tests",
    limit=6.8,
    fitted_on="2026-11-23",
    fitted_with="made up",
    speakers=43,
    target_trials=6343,
    non_target_trials=93522,
    eer=0.18,
    cllr=0.57,
    points=tuple(
        Measured(threshold, fmr, fnmr)
        for fmr, fnmr, threshold in (
            (0.2, 0.16, -0.04),
            (0.1, 0.34, 0.95),
            (0.05, 0.48, 1.64),
            (0.02, 0.66, 2.29),
            (0.01, 0.73, 2.7),
        )
    ),
)


REACHABLE = 1e-3
"""The model of the tests can be no surer than that."""


def point_at(purpose: PointPurpose, rate: float | None) -> PointInUse:
    """Return what comes of a rate, as the service would; searches are of one voice."""
    searches = () if purpose is PointPurpose.VERIFICATION else (Search(1, 2.7, "measured", 0.73),)
    if rate is None:
        return PointInUse(0.01, False, 2.7, "measured", 0.73, searches)
    if rate < REACHABLE:
        return PointInUse(rate, own=True, threshold=None, fault="aim for a higher rate")
    return PointInUse(rate, True, -math.log(rate), "bound", searches=searches)


@dataclass
class Line:
    """Takes what is asked of callers; those in `gone` have left."""

    told: list[tuple[CallId, StepUp]] = field(default_factory=list)
    gone: set[CallId] = field(default_factory=set)

    async def ask(self, call: CallId, asked: StepUp) -> StepUpState:
        """Ask, if the caller is there."""
        if call in self.gone:
            return StepUpState.GONE
        self.told.append((call, asked))
        return StepUpState.TOLD


@dataclass
class Screen:
    """Somebody's browser, as far as the server can tell: a cookie, a token and the stream."""

    http: aiohttp.ClientSession
    url: str
    cookie: str = ""
    csrf: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """What a browser would send."""
        return {"Cookie": f"{COOKIE}={self.cookie}", CSRF_HEADER: self.csrf}

    async def sign_in(self, name: str, password: str = PASSWORD) -> Self:
        """Sign in by the form."""
        form = {"name": name, "password": password}
        async with self.http.post(f"{self.url}/sign-in", data=form, allow_redirects=False) as seen:
            assert seen.headers["Location"] == "/", seen.headers["Location"]
            self.cookie = seen.cookies[COOKIE].value
        self.csrf = (await self.get("/api/me"))["csrf"]
        return self

    async def get(self, path: str) -> Any:
        """Return the JSON of a path."""
        async with self.http.get(self.url + path, headers=self.headers) as seen:
            assert seen.status == 200, await seen.text()
            return await seen.json(content_type=None)

    async def status(self, method: str, path: str, **more: Any) -> int:
        """Return with what status a request is answered."""
        headers = self.headers | more.pop("headers", {})
        sent = self.http.request(
            method, self.url + path, headers=headers, allow_redirects=False, **more
        )
        async with sent as seen:
            return seen.status

    @asynccontextmanager
    async def events(
        self, after: int | None = None, path: str = "/api/events"
    ) -> AsyncIterator[Events]:
        """Open the stream, perhaps where it was left."""
        resume = {} if after is None else {"Last-Event-ID": str(after)}
        opened = self.http.get(self.url + path, headers=self.headers | resume)
        async with opened as seen:
            assert seen.status == 200
            yield Events(seen)


@dataclass
class Events:
    """The stream of events."""

    seen: aiohttp.ClientResponse

    async def next(self) -> tuple[str, Any]:
        """Return kind and content of the next event."""
        kind, body = "", ""
        async with asyncio.timeout(PATIENCE_S):
            async for raw in self.seen.content:
                line = raw.decode().rstrip("\n")
                name, _, value = line.partition(": ")
                kind = value if name == "event" else kind
                body = value if name == "data" else body
                if not line and kind:
                    return kind, json.loads(body)
        raise AssertionError("the stream ended")

    async def calls_until_ready(self) -> list[Any]:
        """Return the calls that were there before."""
        found: list[Any] = []
        while True:
            kind, body = await self.next()
            if kind == "ready":
                return found
            found.append(body)


@dataclass
class Site:
    """A desk that is served, and what lies behind it."""

    url: str
    feed: DeskFeed
    calls: DeskCalls
    users: DeskUsers
    points: OperatingPoints
    line: Line
    http: aiohttp.ClientSession

    async def user(
        self, name: str, role: Role = Role.AGENT, agent: str = "", tenant: TenantId = TENANT
    ) -> Screen:
        """Add a user and sign them in."""
        assert await self.users.add(DeskUser(name, tenant, role, agent), KEPT, who="ann", why="new")
        return await Screen(self.http, self.url).sign_in(name)


@asynccontextmanager
async def open_site(
    database: Database, *, token: str = TOKEN, address: str = ""
) -> AsyncIterator[Site]:
    """Serve a desk on a port of its own, which browsers find at an address of its own perhaps."""
    keyring = await Keyring.open(database, MASTER)
    calls, users, line = DeskCalls(database), DeskUsers(database, keyring), Line()
    points = OperatingPoints(database, keyring)
    port = free_port(socket.SOCK_STREAM)
    rules = DeskRules("127.0.0.1", port, WORKER, token=token, address=Address(address))
    async with (
        desk_feed(database) as feed,
        desk_part(rules, calls, users, InUse(MODEL_IN_USE, points, point_at), line.ask),
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
    ):
        yield Site(f"http://127.0.0.1:{port}", feed, calls, users, points, line, http)
