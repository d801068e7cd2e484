"""The way in and the way out."""

from __future__ import annotations

from urllib.parse import urlencode

import structlog
from aiohttp import web

from ivr.desk.address import Address
from ivr.desk.guard import COOKIE, Guard, from_elsewhere
from ivr.desk.sessions import TooManyFailuresError, TooManyWaitingError
from ivr.ports import StoreUnavailableError

PASSWORD_CHARACTERS_MAX = 1024

log = structlog.get_logger()


class SigningIn:
    """The routes of the sign-in page."""

    def __init__(self, guard: Guard, desk: Address) -> None:
        self._guard = guard
        self._desk = desk

    def routes(self) -> list[web.RouteDef]:
        """Return them."""
        return [web.post("/sign-in", self.sign_in), web.post("/sign-out", self.sign_out)]

    async def sign_in(self, request: web.Request) -> web.StreamResponse:
        """Take name and password from the form; go on to the desk, or back to the form."""
        if from_elsewhere(request, self._desk):
            raise web.HTTPForbidden(text="sign in on the desk's own page")
        form = await request.post()
        name, password = str(form.get("name", "")), str(form.get("password", ""))
        onward = _onward(str(form.get("call", "")))
        if not name or len(password) > PASSWORD_CHARACTERS_MAX:
            raise web.HTTPSeeOther("/sign-in?wrong=1")
        try:
            session = await self._guard.sessions.sign_in(name, password)
        except TooManyFailuresError:
            raise web.HTTPSeeOther("/sign-in?wrong=often") from None
        except TooManyWaitingError:
            log.warning("desk_sign_ins_waiting")
            raise web.HTTPSeeOther("/sign-in?wrong=away") from None
        except StoreUnavailableError as error:
            log.warning("desk_unavailable", why=str(error))
            raise web.HTTPSeeOther("/sign-in?wrong=away") from None
        if session is None:
            raise web.HTTPSeeOther("/sign-in?wrong=1")
        response = web.HTTPSeeOther(onward)
        response.set_cookie(
            COOKIE,
            session.cookie,
            max_age=int(self._guard.sessions.lasts.total_seconds()),
            path="/",
            secure=True,
            httponly=True,
            # Not Strict: a link in a CRM is to open the desk for who is signed in.
            samesite="Lax",
        )
        raise response

    async def sign_out(self, request: web.Request) -> web.StreamResponse:
        """End the session."""
        await self._guard.sessions.sign_out(await self._guard.changing(request))
        response = web.json_response({})
        response.del_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Lax")
        return response


def _onward(call: str) -> str:
    """Return the page that was asked for before the sign-in."""
    return f"/?{urlencode({'call': call})}" if call else "/"
