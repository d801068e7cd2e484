"""The operating points as supervisors set them: audited, and in force from the next call on."""

from __future__ import annotations

from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from ivr.desk.guard import Guard
from ivr.desk.model import RATE_BELOW, InUse
from ivr.desk.screens import body
from ivr.domain.desk import DeskUser, Role
from ivr.domain.operating_point import PointPurpose

WHY_DEFAULT = "on the supervisors' page"
WHY_MAX_CHARACTERS = 200


class SetPoint(msgspec.Struct, forbid_unknown_fields=True):
    """How sure to be for one purpose."""

    target_fmr: Annotated[float, Meta(gt=0, lt=RATE_BELOW)] | None
    """The share of strangers that may pass; null: the installation's."""
    purpose: PointPurpose = PointPurpose.VERIFICATION
    why: Annotated[str, Meta(max_length=WHY_MAX_CHARACTERS)] = ""


class Points:
    """The route of the operating points."""

    def __init__(self, guard: Guard, in_use: InUse) -> None:
        self._guard = guard
        self._in_use = in_use

    def routes(self) -> list[web.RouteDef]:
        """Return it."""
        return [web.post("/api/operating-point", self.apply)]

    async def apply(self, request: web.Request) -> web.StreamResponse:
        """Set a rate, or go back to the installation's, and return what holds from now on."""
        roles = (Role.SUPERVISOR, Role.ADMINISTRATOR)
        user = (await self._guard.changing(request, *roles)).user
        wanted = await body(request, SetPoint)
        point = self._in_use.at(wanted.purpose, wanted.target_fmr)
        if point.fault:
            raise web.HTTPBadRequest(text=point.fault)
        await self._keep(user, wanted)
        return web.json_response(msgspec.to_builtins(point))

    async def _keep(self, user: DeskUser, wanted: SetPoint) -> None:
        told = {"who": f"desk user {user.name}", "why": wanted.why.strip() or WHY_DEFAULT}
        tenant, points = user.tenant, self._in_use.points
        if wanted.target_fmr is None:
            await points.drop(tenant, wanted.purpose, **told)
        else:
            await points.set(tenant, wanted.purpose, wanted.target_fmr, **told)
