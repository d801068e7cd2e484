"""What a supervisor's page asks for: the day's rates, the profiles, the model in use."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import msgspec
from aiohttp import web

from ivr.desk.guard import Guard
from ivr.desk.model import InUse
from ivr.desk.records import CallRecords
from ivr.domain.desk import Role

DAYS_MAX = 31


class Figures:
    """The route of the supervisors' page."""

    def __init__(self, guard: Guard, calls: CallRecords, in_use: InUse) -> None:
        self._guard = guard
        self._calls = calls
        self._in_use = in_use

    def routes(self) -> list[web.RouteDef]:
        """Return it."""
        return [web.get("/api/figures", self.figures)]

    async def figures(self, request: web.Request) -> web.StreamResponse:
        """Return the rates of the last `days` (default 1), profiles, model and operating points."""
        session = await self._guard.signed_in(request, Role.SUPERVISOR, Role.ADMINISTRATOR)
        tenant, now, in_use = session.user.tenant, datetime.now(UTC), self._in_use
        begin = now - timedelta(days=_days(request.query.get("days", "1")))
        found = {
            "begin": begin.isoformat(),
            "end": now.isoformat(),
            "rates": json.loads(await self._calls.figures(tenant, begin, now)),
            "profiles": json.loads(await self._calls.profiles(tenant, in_use.model.id)),
            "model": msgspec.to_builtins(in_use.model),
            "points": msgspec.to_builtins(await in_use.every_point(tenant)),
            "installation": msgspec.to_builtins(in_use.common_points()),
            "choices": msgspec.to_builtins(in_use.choices()),
        }
        return web.json_response(found)


def _days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= DAYS_MAX):
        raise web.HTTPBadRequest(text=f"days is a number from 1 to {DAYS_MAX}")
    return int(text)
