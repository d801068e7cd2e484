"""Fingerprints: a recording's pairs of landmarks as keyed hashes, and how they lie in bytes.

What a fingerprint gives away to someone without the key: how many pairs the recording had, when
each began (to 8 ms) and which are equal, hence about how long it was and where it was loud; and
that two fingerprints were made with one key. Not the frequencies: a hash is 32 bits of BLAKE2b
under the key (RFC 7693). Whoever has the key can try all shapes of a pair (some 700 000) and so
learns the peaks of the spectrum, about 50 a second; from those no speech can be made again, but
a rough course of pitch and formants can be drawn. Keep the key where the voiceprints' key is.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import EngineError
from engine.liveness.landmarks import pairs
from engine.types import Fingerprint, Utterance

LEAST_KEY_BYTES: Final = 16
MOST_KEY_BYTES: Final = 64
"""As many as BLAKE2b takes."""

_MAGIC: Final = b"CSF1"
_TAG_BYTES: Final = 4
_HEADER_BYTES: Final = len(_MAGIC) + _TAG_BYTES
_ENTRY: Final = np.dtype([("at", "<u2"), ("hash", "<u4")])
_HASH_USE: Final = b"replay pair"
_TAG_USE: Final = b"replay key"


class FingerprintError(EngineError):
    """A key or the bytes of a fingerprint are not what they should be (the program's fault)."""


@dataclass(frozen=True, slots=True, eq=False)
class Hashes:
    """A fingerprint, read."""

    key_tag: bytes
    """Equal where two fingerprints were made with one key."""
    at: NDArray[np.int64]
    """When each pair begins `[hashes]`, in frames of 8 ms."""
    hash: NDArray[np.uint32]
    """`[hashes]`."""


def fingerprint(utterance: Utterance, key: bytes) -> Fingerprint:
    """Turn five minutes of an utterance at most into keyed hashes: some 1.1 kB for a second.

    The key has 16 to 64 bytes, secret and the same for all recordings that are to be compared;
    `FingerprintError` for another length, `AudioError` where the samples are not finite.
    """
    if not LEAST_KEY_BYTES <= len(key) <= MOST_KEY_BYTES:
        raise FingerprintError(
            f"a fingerprint's key has {LEAST_KEY_BYTES} to {MOST_KEY_BYTES} bytes, not {len(key)}"
        )
    found = pairs(utterance)
    entries = np.empty(len(found.at), dtype=_ENTRY)
    entries["at"] = found.at
    hashes = b"".join(_hash(shape, key) for shape in found.shape.astype("<u2"))
    entries["hash"] = np.frombuffer(hashes, dtype="<u4")
    tag = blake2b(key=key, person=_TAG_USE, digest_size=_TAG_BYTES).digest()
    return Fingerprint(_MAGIC + tag + entries.tobytes())


def hashes_of(stored: Fingerprint) -> Hashes:
    """Read a fingerprint; `FingerprintError` where the bytes are none."""
    if not stored.startswith(_MAGIC) or len(stored) < _HEADER_BYTES:
        raise FingerprintError("these bytes are no fingerprint of this version: forget them")
    body = stored[_HEADER_BYTES:]
    if len(body) % _ENTRY.itemsize:
        raise FingerprintError(f"a fingerprint of {len(stored)} bytes is cut off: forget it")
    entries = np.frombuffer(body, dtype=_ENTRY)
    tag = stored[len(_MAGIC) : _HEADER_BYTES]
    return Hashes(tag, entries["at"].astype(np.int64), entries["hash"].astype(np.uint32))


def _hash(shape: NDArray[np.uint16], key: bytes) -> bytes:
    return blake2b(shape.tobytes(), key=key, person=_HASH_USE, digest_size=4).digest()
