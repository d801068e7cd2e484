"""The pages themselves, and their files."""

from __future__ import annotations

from aiohttp import web

from ivr.desk.guard import Guard
from ivr.desk.shelf import Shelved, languages, shelf
from ivr.domain.desk import Role


class Pages:
    """The routes of what a browser loads."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._files = shelf()

    def routes(self) -> list[web.RouteDef]:
        """Return them."""
        return [
            web.get("/", self.desk),
            web.get("/sign-in", self.sign_in),
            web.get("/supervisor", self.supervisor),
            web.get("/languages", self.languages),
            web.get("/page/{name:.+}", self.file),
        ]

    async def desk(self, request: web.Request) -> web.StreamResponse:
        """Return the agents' page; who is not signed in is asked to."""
        if await self._guard.whose(request) is None:
            raise web.HTTPSeeOther(str(request.rel_url.with_path("/sign-in", keep_query=True)))
        return _sent(self._files["desk.html"])

    async def sign_in(self, request: web.Request) -> web.StreamResponse:
        """Return the form."""
        return _sent(self._files["sign-in.html"])

    async def supervisor(self, request: web.Request) -> web.StreamResponse:
        """Return the supervisors' page."""
        session = await self._guard.whose(request)
        if session is None:
            raise web.HTTPSeeOther("/sign-in")
        if session.user.role is Role.AGENT:
            raise web.HTTPSeeOther("/")
        return _sent(self._files["supervisor.html"])

    async def languages(self, request: web.Request) -> web.StreamResponse:
        """Return the languages there are words for."""
        return web.json_response(languages(self._files))

    async def file(self, request: web.Request) -> web.StreamResponse:
        """Return a style sheet, a script or the words of a language."""
        found = self._files.get(request.match_info["name"])
        if found is None or found.kind.startswith("text/html"):
            raise web.HTTPNotFound(text="there is no such file")
        return _sent(found)


def _sent(file: Shelved) -> web.Response:
    return web.Response(body=file.octets, headers={"Content-Type": file.kind})
