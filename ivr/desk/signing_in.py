"""The way in and the way out."""

from __future__ import annotations

from enum import StrEnum
from urllib.parse import urlencode

import structlog
from aiohttp import web

from ivr.desk.address import Address
from ivr.desk.guard import COOKIE, Guard, arrived, from_elsewhere
from ivr.desk.sessions import Session, TooManyFailuresError, TooManyWaitingError
from ivr.ports import StoreUnavailableError

PASSWORD_CHARACTERS_MAX = 1024
NAME_CHARACTERS_MAX = 128
"""Of a user's, in the database; a longer one is not even remembered as having failed."""

log = structlog.get_logger()


class Wrong(StrEnum):
    """Why somebody is not signed in, as the form has words for it."""

    PASSWORD = "1"
    OFTEN = "often"
    AWAY = "away"


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
        name, password, call = await _form(request)
        session = await self._session(name, password)
        if not isinstance(session, Session):
            raise web.HTTPSeeOther(_page("/sign-in", wrong=session, call=call))
        response = web.HTTPSeeOther(_page("/", call=call))
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

    async def _session(self, name: str, password: str) -> Session | Wrong:
        """Return a session, or what the form is to say."""
        if not 0 < len(name) <= NAME_CHARACTERS_MAX or len(password) > PASSWORD_CHARACTERS_MAX:
            return Wrong.PASSWORD
        try:
            return await self._guard.sessions.sign_in(name, password) or Wrong.PASSWORD
        except TooManyFailuresError:
            return Wrong.OFTEN
        except TooManyWaitingError:
            log.warning("desk_sign_ins_waiting")
        except StoreUnavailableError as error:
            log.warning("desk_unavailable", why=str(error))
        return Wrong.AWAY

    async def sign_out(self, request: web.Request) -> web.StreamResponse:
        """End the session."""
        await self._guard.sessions.sign_out(await self._guard.changing(request))
        response = web.json_response({})
        response.del_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="Lax")
        return response


async def _form(request: web.Request) -> tuple[str, str, str]:
    """Return name, password and the call asked for; 400 where it is no form."""
    try:
        form = await arrived(request.post())
    except (LookupError, ValueError) as error:
        raise web.HTTPBadRequest(text="the form cannot be read") from error
    return str(form.get("name", "")), str(form.get("password", "")), str(form.get("call", ""))


def _page(path: str, **more: str) -> str:
    """Return a page's path with what is to be kept: the call that was asked for before."""
    kept = urlencode({name: value for name, value in more.items() if value})
    return f"{path}?{kept}" if kept else path
