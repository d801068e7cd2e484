"""AES-256-GCM sealing: what is sealed for one place cannot be opened in another."""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ivr.storage.errors import StoreRefusedError

KEY_OCTETS = 32
NONCE_OCTETS = 12
"""The length that NIST SP 800-38D, 8.2.2, wants for a random nonce."""
TAG_OCTETS = 16
SEAL_OCTETS = NONCE_OCTETS + TAG_OCTETS
"""So much longer is what is sealed."""


class SealBrokenError(StoreRefusedError):
    """Something stored is not what was sealed there: a wrong key, or a row altered or swapped."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"the seal of {what} is broken: either the master key is not the one it was sealed "
            "with, or the database was altered from outside; compare with a backup and run "
            "`countersign audit verify`"
        )


def new_key() -> bytes:
    """Return 32 random octets."""
    return secrets.token_bytes(KEY_OCTETS)


def derive(key: bytes, *purpose: str) -> bytes:
    """Return the 32-octet key for a purpose, HKDF-SHA-256 (RFC 5869) of a key."""
    return HKDF(SHA256(), KEY_OCTETS, salt=None, info=place(*purpose)).derive(key)


def place(*parts: str) -> bytes:
    """Return the parts as netstrings: two lists of parts are never written alike."""
    octets = (part.encode("utf-8", "surrogatepass") for part in parts)
    return b"".join(b"%d:%b," % (len(part), part) for part in octets)


def seal(key: bytes, plain: bytes, *where: str) -> bytes:
    """Return nonce, ciphertext and tag, bound to the parts of `where`; 28 octets longer."""
    nonce = secrets.token_bytes(NONCE_OCTETS)
    return nonce + AESGCM(key).encrypt(nonce, plain, place(*where))


def unseal(key: bytes, sealed: bytes, *where: str) -> bytes:
    """Return what was sealed with the same key for the same place; else `SealBrokenError`."""
    if len(sealed) < SEAL_OCTETS:
        raise SealBrokenError(where[0])
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_OCTETS], sealed[NONCE_OCTETS:], place(*where))
    except InvalidTag:
        raise SealBrokenError(where[0]) from None
