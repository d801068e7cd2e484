"""Opaque tokens: a place in a list, or a challenge, which the API alone can have written.

They are stamped with a key of the tenant, derived from the one that every worker has: any worker
takes what another gave, and nobody else's.
"""

from __future__ import annotations

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final, TypeVar

import msgspec

from ivr.api.errors import InvalidRequestError
from ivr.api.operations import Visit

T = TypeVar("T")

STAMP_OCTETS: Final = 16


def write(visit: Visit, purpose: str, place: object) -> str:
    """Return a token for plain values, good for one purpose and the program's tenant."""
    octets = msgspec.json.encode(place)
    return urlsafe_b64encode(_stamp(visit, purpose, octets) + octets).decode().rstrip("=")


def read(visit: Visit, purpose: str, token: str, kind: type[T]) -> T:
    """Return what `write` wrote; `InvalidRequestError` for anything else."""
    try:
        whole = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        stamp, octets = whole[:STAMP_OCTETS], whole[STAMP_OCTETS:]
        if hmac.compare_digest(stamp, _stamp(visit, purpose, octets)):
            return msgspec.json.decode(octets, type=kind)
    except (ValueError, binascii.Error, msgspec.DecodeError) as error:
        raise _not_ours(purpose) from error
    raise _not_ours(purpose)


def _stamp(visit: Visit, purpose: str, octets: bytes) -> bytes:
    return visit.tag(purpose, octets)[:STAMP_OCTETS]


def _not_ours(purpose: str) -> InvalidRequestError:
    return InvalidRequestError(f"this {purpose} is none that was given out here; begin anew")
