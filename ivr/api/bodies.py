"""A request's body: streamed into memory within a limit, never into a file."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError

from ivr.api.errors import InvalidRequestError, RefusedAudioError, TooLargeError

CHUNK_OCTETS: Final = 64 * 1024
PARTS_MAX: Final = 64
"""As many recordings as an enrollment may have, and room for words beside them."""

_RAW_KINDS: Final = {
    "audio/basic": ".ulaw",
    "audio/pcmu": ".ulaw",
    "audio/pcma": ".alaw",
}
"""Media types of audio without a header (RFC 2046, RFC 4856)."""
_WITH_HEADER: Final = ("audio/", "application/octet-stream", "application/ogg")


_UNREADABLE: Final = (
    ValueError,
    AssertionError,
    RuntimeError,
    LookupError,
    HttpProcessingError,
)
"""What aiohttp raises on a form that is none; the last, on the headers of a part."""


@dataclass(frozen=True, slots=True)
class Part:
    """One recording as it was sent."""

    ending: str
    """Of a name that tells its kind where its content does not; may be empty."""
    content: bytes


@dataclass(frozen=True, slots=True)
class Body:
    """What was sent: JSON, or recordings with words beside them."""

    json: bytes = b""
    parts: tuple[Part, ...] = ()
    fields: tuple[tuple[str, str], ...] = ()

    @property
    def digest(self) -> bytes:
        """SHA-256 over the content, the same however a multipart body was delimited."""
        whole = hashlib.sha256(self.json)
        for part in self.parts:
            whole.update(f"|{part.ending}:{len(part.content)}:".encode())
            whole.update(part.content)
        whole.update(repr(self.fields).encode())
        return whole.digest()


async def read_body(request: web.Request, limit: int) -> Body:
    """Read the whole body; `TooLargeError` past `limit` octets, `RefusedAudioError` by type.

    `InvalidRequestError` where it cannot be read, or who sends it breaks off.
    """
    try:
        return await _read(request, limit)
    except ConnectionError as error:
        raise InvalidRequestError("the body broke off") from error


async def _read(request: web.Request, limit: int) -> Body:
    if (request.content_length or 0) > limit:
        raise _too_large(limit)
    if not request.body_exists:
        return Body()
    kind = request.content_type.lower()
    if kind == "multipart/form-data":
        return await _multipart(request, limit)
    content = await _whole(request.content.iter_chunked(CHUNK_OCTETS), limit)
    if kind == "application/json":
        return Body(json=content)
    if kind in _RAW_KINDS or kind.startswith(_WITH_HEADER):
        return Body(parts=(Part(_RAW_KINDS.get(kind, ""), content),))
    if not content:
        return Body()
    raise RefusedAudioError(
        "the body's type is not taken; it is application/json, multipart/form-data, or audio/*"
    )


async def _multipart(request: web.Request, limit: int) -> Body:
    parts: list[Part] = []
    fields: list[tuple[str, str]] = []
    left = limit
    try:
        reader = await request.multipart()
        while (part := await reader.next()) is not None:
            if not isinstance(part, BodyPartReader) or len(parts) + len(fields) >= PARTS_MAX:
                raise InvalidRequestError(f"a form has at most {PARTS_MAX} parts, none nested")
            content = await _whole(_chunks(part), left)
            left -= len(content)
            if part.filename is None and part.name != "recording":
                fields.append((part.name or "", content.decode("utf-8")))
            else:
                parts.append(Part(_ending(part), content))
    except _UNREADABLE as error:
        raise InvalidRequestError("the multipart body cannot be read") from error
    return Body(parts=tuple(parts), fields=tuple(fields))


async def _chunks(part: BodyPartReader) -> AsyncIterator[bytes]:
    while chunk := await part.read_chunk(CHUNK_OCTETS):
        yield chunk


async def _whole(chunks: AsyncIterator[bytes], limit: int) -> bytes:
    content = bytearray()
    async for chunk in chunks:
        content += chunk
        if len(content) > limit:
            raise _too_large(limit)
    return bytes(content)


def _ending(part: BodyPartReader) -> str:
    kind = part.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind in _RAW_KINDS:
        return _RAW_KINDS[kind]
    _, dot, ending = (part.filename or "").rpartition(".")
    return f".{ending}" if dot and ending.isalnum() else ""


def _too_large(limit: int) -> TooLargeError:
    return TooLargeError(f"the body is larger than {limit} octets")
