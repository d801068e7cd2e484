"""A face of the API: a sub-application with its own way to read keys and to write errors."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

import msgspec
import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Middleware

from engine.errors import AudioError
from ivr.api.document import Style, document
from ivr.api.errors import (
    ApiError,
    ForbiddenError,
    InternalError,
    InvalidRequestError,
    MethodNotAllowedError,
    NotFoundError,
    RefusedAudioError,
    TooManyRequestsError,
    UnauthorizedError,
    UnavailableError,
)
from ivr.api.office import ApiOffice
from ivr.api.once import answer
from ivr.api.operations import Operation, Program, Uploads, Visit
from ivr.api.pages import add_page
from ivr.api.rate import RateLimit
from ivr.api.tokens import holds, read_token
from ivr.api.turns import Turns
from ivr.ports import StoreUnavailableError
from ivr.storage import StoreRefusedError

log = structlog.get_logger()

WORDS_MAX_OCTETS: Final = 64 * 1024
"""Of a body that is to hold no recording; the longest that one needs is some kB."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Credential = Callable[[web.Request], str]
"""Reads the API key of a request; an empty string where there is none."""
Render = Callable[[ApiError, str], web.Response]
"""Writes an error; the second argument is the request's id."""

REQUEST_ID = web.RequestKey("request_id", str)
OPERATION = web.RequestKey("operation", str)


@dataclass(frozen=True, slots=True)
class Face:
    """One contract of the API, to be mounted at `prefix`."""

    prefix: str
    operations: tuple[Operation, ...]
    credential: Credential
    render: Render
    style: Style = field(default_factory=Style)


@dataclass(frozen=True, slots=True)
class Reception:
    """What all faces share: the stores, and who may ask how much."""

    office: ApiOffice
    rate: RateLimit
    body_limit: int
    turns: Turns = field(default_factory=Turns)
    url: str = ""
    """Scheme, host and perhaps a port by which programs call it; empty: as each request says."""


def sub_application(face: Face, reception: Reception) -> web.Application:
    """Return the face as an application, to be mounted by `add_subapp`."""
    application = web.Application(middlewares=[errors_by(face.render)])
    for operation in face.operations:
        handler = _handler(operation, face, reception)
        application.router.add_route(operation.method, operation.path, handler)
    described = msgspec.json.encode(document(face.prefix, face.operations, face.style))

    async def describe(_: web.Request) -> web.Response:
        return web.Response(body=described, content_type="application/json")

    application.router.add_get("/openapi.json", describe)
    add_page(application)
    return application


async def admitted(credential: str, operation: Operation, reception: Reception) -> Program:
    """Return who asks; `UnauthorizedError`, `TooManyRequestsError`, `ForbiddenError`."""
    token = read_token(credential)
    key = await reception.office.keys.find(token.id)
    if not holds(token, key, reception.office.files.clock.now()) or key is None:
        raise UnauthorizedError
    retry_after_s = reception.rate.take(key.id)
    if retry_after_s is not None:
        raise TooManyRequestsError(retry_after_s)
    if operation.scope not in key.scopes:
        raise ForbiddenError(f"this needs a key with the scope {operation.scope}")
    return Program(key.id, key.tenant, key.scopes)


def _handler(operation: Operation, face: Face, reception: Reception) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        request[OPERATION] = operation.name
        program = await admitted(face.credential(request), operation, reception)
        visit = Visit(
            request,
            reception.office,
            program,
            _limit(operation, reception),
            reception.turns,
            reception.url,
        )
        status, body = await answer(operation, visit)
        if not body:
            return web.Response(status=status, headers=visit.headers)
        return web.Response(
            status=status, body=body, content_type="application/json", headers=visit.headers
        )

    return handle


def _limit(operation: Operation, reception: Reception) -> int:
    """Return how large a body may be: one without recordings has no place to wait in."""
    if operation.uploads is Uploads.NONE:
        return min(WORDS_MAX_OCTETS, reception.body_limit)
    return reception.body_limit


def errors_by(render: Render) -> Middleware:
    """Return the middleware that turns whatever is raised into an answer of this face."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except Exception as error:
            return render(_translated(error), request[REQUEST_ID])

    return middleware


def _translated(error: Exception) -> ApiError:
    """Return what the client is told; a fault of ours is logged here, and told as nothing more."""
    match error:
        case ApiError():
            return error
        case web.HTTPNotFound():
            return NotFoundError("there is no such path")
        case web.HTTPMethodNotAllowed():
            allowed = {"Allow": ", ".join(sorted(error.allowed_methods))}
            return MethodNotAllowedError("the path knows other methods", allowed)
        case HttpProcessingError() | web.RequestPayloadError():
            return InvalidRequestError("the body cannot be read")
        case AudioError():
            return RefusedAudioError("the recording holds nothing that can be used")
        case StoreRefusedError():
            log.error("api_store_refused", error=str(error))
            return InternalError()
        case StoreUnavailableError():
            log.error("api_store_unavailable", error=str(error))
            return UnavailableError()
        case _:
            log.error("api_fault", exc_info=error)
            return InternalError()
