"""G.711 as lookup tables: mu-law and A-law to linear samples and back (ITU-T G.711)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.types import Pcm

_SEGMENT_ENDS = (0xFF, 0x1FF, 0x3FF, 0x7FF, 0xFFF, 0x1FFF, 0x3FFF, 0x7FFF)
_MU_BIAS = 0x84
_MU_CLIP = 32635


@dataclass(frozen=True, slots=True, eq=False)
class Codec:
    """One G.711 law under its static RTP payload type (RFC 3551, table 4)."""

    name: str
    payload_type: int
    silence: bytes
    """One encoded sample of silence."""
    _to_linear: NDArray[np.int16]
    _from_linear: NDArray[np.uint8]

    def decode(self, payload: bytes) -> Pcm:
        """Return the samples, int16 `[n]`, of `n` encoded bytes."""
        return self._to_linear[np.frombuffer(payload, np.uint8)]

    def encode(self, pcm: Pcm) -> bytes:
        """Return one byte for each int16 sample."""
        return self._from_linear[pcm.view(np.uint16)].tobytes()


def _mu_law_to_linear(code: int) -> int:
    code = ~code & 0xFF
    magnitude = (((code & 0x0F) << 3) + _MU_BIAS) << ((code & 0x70) >> 4)
    return _MU_BIAS - magnitude if code & 0x80 else magnitude - _MU_BIAS


def _a_law_to_linear(code: int) -> int:
    code ^= 0x55
    segment, magnitude = (code & 0x70) >> 4, ((code & 0x0F) << 4) + 8
    if segment:
        magnitude = (magnitude + 0x100) << (segment - 1)
    return magnitude if code & 0x80 else -magnitude


def _mu_law_from_linear(samples: NDArray[np.int32]) -> NDArray[np.uint8]:
    magnitude = np.minimum(np.abs(samples), _MU_CLIP) + _MU_BIAS
    segment = np.searchsorted(_SEGMENT_ENDS, magnitude)
    code = (segment << 4) | ((magnitude >> (segment + 3)) & 0x0F)
    return (~(code | np.where(samples < 0, 0x80, 0)) & 0xFF).astype(np.uint8)


def _a_law_from_linear(samples: NDArray[np.int32]) -> NDArray[np.uint8]:
    magnitude = np.where(samples < 0, -samples - 1, samples)
    segment = np.searchsorted(_SEGMENT_ENDS, magnitude)
    code = (segment << 4) | ((magnitude >> np.maximum(segment + 3, 4)) & 0x0F)
    return ((code | np.where(samples < 0, 0, 0x80)) ^ 0x55).astype(np.uint8)


_EVERY_SAMPLE = np.arange(1 << 16, dtype=np.uint16).view(np.int16).astype(np.int32)

PCMU = Codec(
    "PCMU",
    0,
    b"\xff",
    np.array([_mu_law_to_linear(code) for code in range(256)], np.int16),
    _mu_law_from_linear(_EVERY_SAMPLE),
)
"""Mu-law."""

PCMA = Codec(
    "PCMA",
    8,
    b"\xd5",
    np.array([_a_law_to_linear(code) for code in range(256)], np.int16),
    _a_law_from_linear(_EVERY_SAMPLE),
)
"""A-law."""

CODECS = (PCMU, PCMA)
