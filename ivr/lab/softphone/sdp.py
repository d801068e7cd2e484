"""Session descriptions (RFC 8866, offer and answer of RFC 3264): one audio stream of G.711."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ivr.lab.softphone.errors import MalformedError
from ivr.lab.softphone.g711 import CODECS, Codec

EVENTS_TYPE = 101
"""The dynamic payload type under which this phone offers keys."""
_MAX_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Session:
    """Where one side wants its audio, and in which codecs, most wanted first."""

    host: str
    port: int
    codecs: tuple[Codec, ...]
    events_type: int | None
    """Payload type of keys (RFC 4733), or None where keys are not taken."""

    def encode(self, version: int = 1) -> bytes:
        """Return the description; `version` grows with every one of the same call."""
        types = [(codec.payload_type, f"{codec.name}/8000") for codec in self.codecs]
        if self.events_type is not None:
            types.append((self.events_type, "telephone-event/8000"))
        lines = [
            "v=0",
            f"o=softphone 1 {version} IN IP4 {self.host}",
            "s=-",
            f"c=IN IP4 {self.host}",
            "t=0 0",
            f"m=audio {self.port} RTP/AVP {' '.join(str(number) for number, _ in types)}",
            *(f"a=rtpmap:{number} {name}" for number, name in types),
            *([f"a=fmtp:{self.events_type} 0-15"] if self.events_type is not None else []),
            "a=ptime:20",
            "a=sendrecv",
        ]
        return "".join(f"{line}\r\n" for line in lines).encode()


def parse(body: bytes) -> Session:
    """Read the first audio stream; `MalformedError` where there is none or its address is bad."""
    lines = _fields(body)
    start = next((i for i, (key, value) in enumerate(lines) if _is_audio(key, value)), None)
    if start is None:
        raise MalformedError("session description without an audio stream")
    audio = _section(lines, start)
    port, types = _media(lines[start][1])
    names = _names(audio)
    return Session(_address(lines, audio), port, _codecs(types), _events(types, names))


def _fields(body: bytes) -> list[tuple[str, str]]:
    text = body.decode("utf-8", "replace")
    return [(line[0], line[2:].strip()) for line in text.splitlines() if line[1:2] == "="]


def _is_audio(key: str, value: str) -> bool:
    return key == "m" and value.startswith("audio ")


def _section(lines: Sequence[tuple[str, str]], start: int) -> Sequence[tuple[str, str]]:
    ends = (i for i in range(start + 1, len(lines)) if lines[i][0] == "m")
    return lines[start + 1 : next(ends, len(lines))]


def _media(value: str) -> tuple[int, list[int]]:
    try:
        _, port, _, *types = value.split()
        number, wanted = int(port.partition("/")[0]), [int(kind) for kind in types]
    except ValueError:
        raise MalformedError(f"media line {value!r}") from None
    if not 0 <= number <= _MAX_PORT:
        raise MalformedError(f"media port {number}")
    return number, wanted


def _names(audio: Sequence[tuple[str, str]]) -> dict[str, str]:
    maps = (value.removeprefix("rtpmap:") for _, value in audio if value.startswith("rtpmap:"))
    return {number: name.upper() for number, _, name in (entry.partition(" ") for entry in maps)}


def _address(lines: Sequence[tuple[str, str]], audio: Sequence[tuple[str, str]]) -> str:
    fields = [value for key, value in (*audio, *lines) if key == "c"]
    parts = fields[0].split() if fields else []
    if len(parts) != 3 or parts[1] != "IP4":
        raise MalformedError("session description without an IPv4 address")
    return parts[2]


def _codecs(types: Sequence[int]) -> tuple[Codec, ...]:
    known = {codec.payload_type: codec for codec in CODECS}
    return tuple(known[number] for number in types if number in known)


def _events(types: Sequence[int], names: dict[str, str]) -> int | None:
    wanted = "TELEPHONE-EVENT/8000"
    return next((n for n in types if names.get(str(n), "").startswith(wanted)), None)
