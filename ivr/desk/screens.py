"""What an agent's screen asks for: the stream of calls, and what is done with one."""

from __future__ import annotations

from contextlib import aclosing
from typing import TypeVar

import msgspec
from aiohttp import web

from ivr.desk.guard import HEADERS, Guard, arrived
from ivr.desk.hub import FellBehindError, Hub
from ivr.desk.model import InUse
from ivr.desk.records import CallRecords
from ivr.desk.stream import resume_after, told, with_beats
from ivr.domain.desk import StepUp
from ivr.domain.verification import VerificationId
from ivr.ports import StoreUnavailableError

T = TypeVar("T")

STREAM_HEADERS = HEADERS | {"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"}


class AskStepUp(msgspec.Struct, forbid_unknown_fields=True):
    """What the caller is to do besides."""

    ask: StepUp


class SayWho(msgspec.Struct, forbid_unknown_fields=True):
    """Whether it was the person claimed."""

    same_person: bool


class Screens:
    """The routes of the agents' page."""

    def __init__(self, guard: Guard, calls: CallRecords, hub: Hub, in_use: InUse) -> None:
        self._guard = guard
        self._calls = calls
        self._hub = hub
        self._in_use = in_use

    def routes(self) -> list[web.RouteDef]:
        """Return them."""
        return [
            web.get("/api/me", self.me),
            web.get("/api/events", self.events, allow_head=False),
            web.get("/api/calls/{call}", self.call),
            web.post("/api/calls/{call}/step-up", self.step_up),
            web.post("/api/calls/{call}/feedback", self.feedback),
        ]

    async def me(self, request: web.Request) -> web.StreamResponse:
        """Return who is signed in, and against what a bar is drawn."""
        session = await self._guard.signed_in(request)
        user = session.user
        return web.json_response(
            {
                "name": user.name,
                "role": user.role,
                "agent": user.agent,
                "csrf": session.csrf,
                "threshold": (await self._in_use.point(user.tenant)).threshold,
                "limit": self._in_use.model.limit,
            }
        )

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Send each call as it changes, until the screen is closed or its session ends."""
        session = await self._guard.signed_in(request)
        # The header is the browser's, where it comes back by itself; else the page says it.
        reached = request.headers.get("Last-Event-ID") or request.query.get("after")
        after = resume_after(reached)
        response = web.StreamResponse(headers=STREAM_HEADERS)
        cards = told(self._calls, self._hub, session.user, after)

        async def still() -> bool:
            return await self._guard.whose(request) is not None

        try:
            # In here too: a screen may be closed before its stream has begun.
            await response.prepare(request)
            async with aclosing(cards), aclosing(with_beats(cards, still)) as chunks:
                async for chunk in chunks:
                    await response.write(chunk)
        except (FellBehindError, StoreUnavailableError, ConnectionResetError):
            # The browser comes back by itself and says where it was.
            return response
        return response

    async def call(self, request: web.Request) -> web.StreamResponse:
        """Return one call as JSON, by verification or channel: for a page of one's own."""
        user = (await self._guard.signed_in(request)).user
        card = await self._calls.card(user.tenant, await self._found(request))
        if card is None:
            raise web.HTTPNotFound(text="no such call is on your desk")
        return web.Response(text=card.body, content_type="application/json")

    async def step_up(self, request: web.Request) -> web.StreamResponse:
        """Ask for digits or a PIN: the worker that took the call tells the dialplan."""
        user = (await self._guard.changing(request)).user
        found, asked = await self._found(request), await body(request, AskStepUp)
        await self._calls.step_up(user.tenant, found, asked.ask)
        return web.json_response({})

    async def feedback(self, request: web.Request) -> web.StreamResponse:
        """Keep what the agent found out about who called."""
        user = (await self._guard.changing(request)).user
        found, said = await self._found(request), await body(request, SayWho)
        if not await self._calls.feedback(user, found, same_person=said.same_person):
            raise web.HTTPConflict(text="the call has no verdict yet")
        return web.json_response({})

    async def _found(self, request: web.Request) -> VerificationId:
        user = (await self._guard.signed_in(request)).user
        found = await self._calls.find(user, request.match_info["call"])
        if found is None:
            raise web.HTTPNotFound(text="no such call is on your desk")
        return found


async def body(request: web.Request, kind: type[T]) -> T:
    """Return the request's JSON as a value; 400 says what is wrong with it."""
    try:
        return msgspec.json.decode(await arrived(request.read()), type=kind)
    except msgspec.MsgspecError as error:
        raise web.HTTPBadRequest(text=str(error)) from error
