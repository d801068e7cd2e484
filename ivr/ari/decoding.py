"""From Asterisk's JSON to our dataclasses: msgspec's errors become ours here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import msgspec

from ivr.ari.errors import MalformedEventError, MalformedMessageError, MalformedReplyError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Typed:
    type: str


_TYPED = msgspec.json.Decoder(_Typed)


def type_of(raw: bytes | str) -> str:
    """Return what a message says it is; `MalformedEventError` where it says nothing."""
    return _decode(raw, _TYPED, "message", MalformedEventError).type


def read_event(raw: bytes | str, decoder: msgspec.json.Decoder[T], kind: str) -> T:
    """Read a message of the type `kind`; `MalformedEventError`."""
    return _decode(raw, decoder, kind, MalformedEventError)


def read_reply(raw: bytes, decoder: msgspec.json.Decoder[T], kind: str) -> T:
    """Read the body of a reply, which should be a `kind`; `MalformedReplyError`."""
    return _decode(raw, decoder, kind, MalformedReplyError)


def _decode(
    raw: bytes | str,
    decoder: msgspec.json.Decoder[T],
    kind: str,
    error: type[MalformedMessageError],
) -> T:
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as invalid:
        found, path = _placed(str(invalid))
    except msgspec.DecodeError as broken:
        found, path = str(broken), "$"
    except UnicodeError:
        found, path = "text that is not UTF-8", "$"
    except RecursionError:
        found, path = "JSON nested too deeply", "$"
    raise error(kind, path, found)


def _placed(message: str) -> tuple[str, str]:
    """Split msgspec's "Expected `str`, got `int` - at `$.channel.id`", which quotes no content."""
    found, _, path = message.partition(" - at ")
    return found, path.strip("`") or "$"
