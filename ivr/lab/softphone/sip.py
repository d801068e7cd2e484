"""SIP messages (RFC 3261, clause 7) as bytes and back; no socket here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ivr.lab.softphone.errors import MalformedError

VERSION = "SIP/2.0"
_COMPACT = {
    "v": "via",
    "f": "from",
    "t": "to",
    "i": "call-id",
    "m": "contact",
    "l": "content-length",
    "c": "content-type",
    "k": "supported",
}
_MANDATORY = ("via", "from", "to", "call-id", "cseq")


@dataclass(frozen=True, slots=True)
class Headers:
    """The header fields in order; names compare without case and in their long form."""

    fields: tuple[tuple[str, str], ...]

    def all(self, name: str) -> list[str]:
        """Return every value of a header, as written."""
        return [value for field, value in self.fields if _same(field, name)]

    def get(self, name: str) -> str | None:
        """Return the first value of a header, or None."""
        return next(iter(self.all(name)), None)

    def __getitem__(self, name: str) -> str:
        """Return the first value of a header; `MalformedError` where it is absent."""
        value = self.get(name)
        if value is None:
            raise MalformedError(f"SIP message without {name}")
        return value

    def as_dict(self) -> dict[str, str]:
        """Return the first value of each header under its name as written."""
        return dict(reversed(self.fields))


@dataclass(frozen=True, slots=True)
class Request:
    """A request; Content-Length is added on the way out."""

    method: str
    uri: str
    headers: Headers
    body: bytes = b""

    def encode(self) -> bytes:
        """Return the message as sent; `ValueError` where a value would break a line."""
        return _encode(f"{self.method} {self.uri} {VERSION}", self.headers, self.body)


@dataclass(frozen=True, slots=True)
class Response:
    """A response; Content-Length is added on the way out."""

    status: int
    phrase: str
    headers: Headers
    body: bytes = b""

    def encode(self) -> bytes:
        """Return the message as sent; `ValueError` where a value would break a line."""
        return _encode(f"{VERSION} {self.status} {self.phrase}", self.headers, self.body)


Message = Request | Response


def headers(*fields: tuple[str, str | Iterable[str]]) -> Headers:
    """Build headers; a field with several values becomes several lines."""
    lines: list[tuple[str, str]] = []
    for name, value in fields:
        lines += [(name, value)] if isinstance(value, str) else [(name, v) for v in value]
    return Headers(tuple(lines))


def parse(datagram: bytes) -> Message:
    """Read one message; `MalformedError` says what is wrong with it."""
    head, separator, body = datagram.partition(b"\r\n\r\n")
    if not separator:
        raise MalformedError("SIP message without the empty line after its headers")
    first, *lines = _unfold(head.decode("utf-8", "replace"))
    found = Headers(tuple(_field(line) for line in lines))
    for name in _MANDATORY:
        found[name]  # MalformedError where absent
    return _message(first, found, _body(found, body))


def method_of(message: Message) -> str:
    """Return the method that CSeq names."""
    return _cseq(message)[1]


def cseq_of(message: Message) -> int:
    """Return the number that CSeq carries; `MalformedError` where it is none."""
    return _cseq(message)[0]


def _cseq(message: Message) -> tuple[int, str]:
    number, _, method = message.headers["CSeq"].partition(" ")
    if not number.isdecimal() or not method.strip():
        raise MalformedError("CSeq is not a number and a method")
    return int(number), method.strip()


def _same(field: str, name: str) -> bool:
    return _COMPACT.get(field.lower(), field.lower()) == name.lower()


def _encode(first: str, found: Headers, body: bytes) -> bytes:
    lines = [first, *(f"{name}: {value}" for name, value in found.fields)]
    if any("\r" in line or "\n" in line for line in lines):
        raise ValueError("a line break inside a SIP header")
    lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def _unfold(head: str) -> list[str]:
    return head.lstrip("\r\n").replace("\r\n ", " ").replace("\r\n\t", " ").split("\r\n")


def _field(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name.strip():
        raise MalformedError("SIP header line without a name")
    return name.strip(), value.strip()


def _body(found: Headers, rest: bytes) -> bytes:
    length = found.get("Content-Length")
    if length is None:
        return rest
    if not length.isdecimal() or int(length) > len(rest):
        raise MalformedError("Content-Length does not fit the message")
    return rest[: int(length)]


def _message(first: str, found: Headers, body: bytes) -> Message:
    parts = first.split(" ", 2)
    if len(parts) >= 2 and parts[0] == VERSION and len(parts[1]) == 3 and parts[1].isdecimal():
        return Response(int(parts[1]), parts[2] if len(parts) == 3 else "", found, body)
    if len(parts) == 3 and parts[2] == VERSION:
        return Request(parts[0], parts[1], found, body)
    raise MalformedError("first line is neither a SIP request nor a response")
