"""An API key as a program holds it: an id to find it by, and a secret of which a hash is kept."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from ivr.storage import ApiKey

SECRET_OCTETS: Final = 32
_FORM: Final = re.compile(r"cs_([0-9a-f]{32})_([A-Za-z0-9_-]{43})")
_NOBODYS: Final = bytes(32)
"""No secret has this hash: what an unknown key is compared with, to take as long as a known one."""


@dataclass(frozen=True, slots=True)
class Token:
    """`cs_<id>_<secret>`; the secret is 32 random octets."""

    id: UUID
    secret: bytes

    def __str__(self) -> str:
        return f"cs_{self.id.hex}_{urlsafe_b64encode(self.secret).decode().rstrip('=')}"

    def __repr__(self) -> str:
        return f"Token({self.id})"

    @property
    def hash(self) -> bytes:
        """SHA-256 of the secret: long and random, it needs neither salt nor stretching."""
        return hashlib.sha256(self.secret).digest()


def new_token() -> Token:
    """Draw a key."""
    return Token(uuid4(), secrets.token_bytes(SECRET_OCTETS))


def read_token(text: str) -> Token:
    """Read a key; what is none comes back as one that nobody has, to be refused like any other."""
    match = _FORM.fullmatch(text)
    if match is None:
        return new_token()
    return Token(UUID(match[1]), urlsafe_b64decode(match[2] + "="))


def holds(token: Token, key: ApiKey | None, now: datetime) -> bool:
    """Say whether the token opens the key now, in the same time whatever is wrong."""
    same = hmac.compare_digest(token.hash, _NOBODYS if key is None else key.hash)
    if key is None or not same or key.revoked_at is not None:
        return False
    return key.expires_at is None or now < key.expires_at
