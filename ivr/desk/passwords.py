"""Passwords, kept as salt and scrypt hash (RFC 7914)."""

from __future__ import annotations

import hashlib
import hmac
import secrets

COST, BLOCKS, PARALLEL = 2**15, 8, 3
"""OWASP, Password Storage Cheat Sheet: one of the settings of equal strength; 32 MiB."""
SALT_OCTETS = 16
MEMORY_MAX = 256 * 2**20


def hash_password(password: str, cost: int = COST) -> str:
    """Return `scrypt$N$r$p$salt$hash` of a password, hexadecimal; takes a quarter of a second."""
    salt = secrets.token_bytes(SALT_OCTETS)
    found = _scrypt(password, salt, cost, BLOCKS, PARALLEL)
    return f"scrypt${cost}${BLOCKS}${PARALLEL}${salt.hex()}${found.hex()}"


def is_password(password: str, kept: str) -> bool:
    """Say whether this is the password of a hash, in the same time whether or not it is."""
    _, cost, blocks, parallel, salt, wanted = kept.split("$")
    found = _scrypt(password, bytes.fromhex(salt), int(cost), int(blocks), int(parallel))
    return hmac.compare_digest(found, bytes.fromhex(wanted))


NOBODYS = f"scrypt${COST}${BLOCKS}${PARALLEL}${'00' * SALT_OCTETS}${'00' * 64}"
"""What a password is compared with where there is no such user: it takes as long."""


def _scrypt(password: str, salt: bytes, cost: int, blocks: int, parallel: int) -> bytes:
    octets = password.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(octets, salt=salt, n=cost, r=blocks, p=parallel, maxmem=MEMORY_MAX)
