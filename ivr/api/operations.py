"""An operation: one thing a program may ask for, described once for the router and the document."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from aiohttp import web
from yarl import URL

from engine.audio.files import AudioFile
from ivr.api.bodies import Body, read_body
from ivr.api.errors import (
    ApiError,
    BusyError,
    ConflictError,
    ForbiddenError,
    InternalError,
    InvalidRequestError,
    NotFoundError,
    RefusedAudioError,
    ReusedKeyError,
    TooLargeError,
    TooManyRequestsError,
    UnauthorizedError,
    UnavailableError,
)
from ivr.api.office import ApiOffice
from ivr.api.recordings import decoded
from ivr.api.scopes import Scope
from ivr.api.turns import Turns
from ivr.domain.call import TenantId
from ivr.offline import Office
from ivr.storage import Undertaking

T = TypeVar("T")

ARRIVES_S = 600.0
"""So long may a body take: 64 MiB over a line of 1 Mbit/s."""
WHY_DEFAULT = "over the API"
WHY_MAX_CHARACTERS = 256


class Uploads(Enum):
    """What recordings an operation takes."""

    NONE = "none"
    ONE = "one"
    """As the body itself, or as a form with one."""
    SEVERAL = "several"


@dataclass(frozen=True, slots=True)
class Program:
    """Who asks: the holder of an API key."""

    key: UUID
    tenant: TenantId
    scopes: frozenset[str]

    @property
    def who(self) -> str:
        """How the audit trail names it."""
        return f"api key {self.key}"


@dataclass(slots=True)
class Visit:
    """One request of a program that may make it."""

    request: web.Request
    office: ApiOffice
    program: Program
    body_limit: int
    turns: Turns
    """Waited for before the recordings of a body are decoded."""
    url: str = ""
    """Where programs call the API, which a proxy before it may make another place than here."""
    undertaking: Undertaking | None = None
    """What is kept of the request, if it is to be done once."""
    headers: dict[str, str] = field(default_factory=dict)
    """Of the answer, where it has any of its own; one that is told again has none."""
    _body: Body | None = field(default=None)

    @property
    def tenant(self) -> TenantId:
        """Whose data it may see."""
        return self.program.tenant

    @property
    def address(self) -> URL:
        """Return where it was sent to, with its query, as links in its answer must say it."""
        return URL(self.url).join(self.request.rel_url) if self.url else self.request.url

    @property
    def why(self) -> str:
        """The reason for the audit trail, from the query."""
        why = self.request.query.get("why", "") or WHY_DEFAULT
        if len(why) > WHY_MAX_CHARACTERS:
            raise InvalidRequestError(f"why has more than {WHY_MAX_CHARACTERS} characters")
        return why

    async def concern(self, account: str) -> None:
        """Note whom the request is about: erased, the person takes along what is kept of it.

        To be called before anything of the person is read or changed. `StoreUnavailableError`.
        """
        if self.undertaking is not None:
            await self.office.answers.concern(self.undertaking, account)

    async def files(self) -> Office:
        """Return the work on files, at the tenant's operating points and in the key's name."""
        office = await self.office.of_tenant(self.tenant)
        return replace(office, worker=self.program.who)

    def tag(self, purpose: str, octets: bytes) -> bytes:
        """Return HMAC-SHA-256 of octets by a key of the tenant, which every worker has.

        `purpose` holds no zero octet: what is tagged for one purpose is good for no other.
        """
        key = hmac.digest(self.office.files.keys.replay_key(self.tenant), b"api tokens", "sha256")
        return hmac.digest(key, purpose.encode() + b"\0" + octets, "sha256")

    def part(self, name: str, kind: type[T]) -> T:
        """Return a part of the path; `InvalidRequestError` unless it is such a `kind`."""
        return _converted(self.request.match_info[name], kind, f"{name} in the path")

    def query(self, kind: type[T]) -> T:
        """Return the query as a struct; `InvalidRequestError`."""
        return _converted(dict(self.request.query), kind, "the query")

    async def body(self) -> Body:
        """Return the body; `TooLargeError`, `RefusedAudioError`, `InvalidRequestError`."""
        if self._body is None:
            try:
                async with asyncio.timeout(ARRIVES_S):
                    self._body = await read_body(self.request, self.body_limit)
            except TimeoutError:
                raise InvalidRequestError(f"the body took more than {ARRIVES_S:g} s") from None
        return self._body

    async def json(self, kind: type[T]) -> T:
        """Return the JSON body as a struct; errors as `body`'s."""
        body = await self.body()
        if body.parts or body.fields:
            raise RefusedAudioError("the body's type is not taken; it is application/json")
        try:
            return msgspec.json.decode(body.json, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InvalidRequestError(f"the body cannot be used: {error}") from error

    async def recordings(self) -> Iterator[AudioFile]:
        """Return the recordings of the body, at least one, to be decoded one by one in a thread.

        Errors as `body`'s, and as `decoded`'s while they are decoded.
        """
        parts = (await self.body()).parts
        if not parts:
            raise InvalidRequestError("a recording is needed: audio as the body, or in a form")
        return decoded(parts)

    async def recording(self) -> AudioFile:
        """Return the one recording of the body; errors as `body`'s."""
        if len((await self.body()).parts) > 1:
            raise InvalidRequestError("one recording is taken at a time")
        return await asyncio.to_thread(next, await self.recordings())


Perform = Callable[[Visit], Awaitable[msgspec.Struct | None]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path."""

    name: str
    """Its id in the OpenAPI document, in snake_case."""
    method: str
    path: str
    """Below where the face is mounted, with `{parts}`."""
    scope: Scope
    perform: Perform
    summary: str
    status: int = 200
    gives: type[msgspec.Struct] | None = None
    """None: an empty answer."""
    takes: type[msgspec.Struct] | None = None
    """The JSON body; None: there is none, or recordings."""
    uploads: Uploads = Uploads.NONE
    query: type[msgspec.Struct] | None = None
    parts: dict[str, Any] = field(default_factory=dict)
    """Type of each part of the path."""
    changes: bool = True
    """False for what only looks, though it is asked by POST."""
    refusals: tuple[type[ApiError], ...] = ()
    """Beyond those that every operation has."""

    @property
    def writes(self) -> bool:
        """Whether it changes something: then it takes an idempotency key and a reason."""
        return self.changes and self.method != "GET"

    @property
    def every_refusal(self) -> tuple[type[ApiError], ...]:
        """All it may be refused for."""
        path = (NotFoundError,) if self.parts else ()
        sent = SENDING if self.method != "GET" else ()
        written = WRITING if self.writes else ()
        busy = () if self.uploads is Uploads.NONE else (BusyError,)
        return tuple(dict.fromkeys((*ALWAYS, *path, *sent, *written, *busy, *self.refusals)))


ALWAYS: tuple[type[ApiError], ...] = (
    InvalidRequestError,
    UnauthorizedError,
    ForbiddenError,
    TooManyRequestsError,
    InternalError,
    UnavailableError,
)

SENDING: tuple[type[ApiError], ...] = (TooLargeError, RefusedAudioError)
"""A body may be refused."""

WRITING: tuple[type[ApiError], ...] = (ConflictError, ReusedKeyError)
"""An idempotency key may be refused."""


def _converted(value: object, kind: type[T], what: str) -> T:
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as error:
        raise InvalidRequestError(f"{what} cannot be used: {error}") from error
