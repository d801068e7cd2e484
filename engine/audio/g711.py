"""The telephone's companding, ITU-T G.711: mu-law and A-law to int16 and back, by table."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.audio.pcm import checked
from engine.types import Pcm

_BIAS = 33
"""mu-law adds this to the 14-bit magnitude, so that each segment begins at a power of two."""


def decode_mulaw(octets: bytes | bytearray | memoryview) -> Pcm:
    """Expand mu-law: `n` bytes to int16 `[n]`, at most +-32124 (G.711 table 2)."""
    return _MULAW_TO_PCM[np.frombuffer(octets, dtype=np.uint8)]


def decode_alaw(octets: bytes | bytearray | memoryview) -> Pcm:
    """Expand A-law: `n` bytes to int16 `[n]`, at most +-32256 (G.711 table 1)."""
    return _ALAW_TO_PCM[np.frombuffer(octets, dtype=np.uint8)]


def encode_mulaw(pcm: Pcm) -> bytes:
    """Compress int16 `[n]` to `n` bytes of mu-law, each the nearest value that it has."""
    return _PCM_TO_MULAW[checked(pcm).view(np.uint16)].tobytes()


def encode_alaw(pcm: Pcm) -> bytes:
    """Compress int16 `[n]` to `n` bytes of A-law, each the nearest value that it has."""
    return _PCM_TO_ALAW[checked(pcm).view(np.uint16)].tobytes()


def _mulaw_values() -> Pcm:
    """Expand every mu-law byte: all bits inverted, sign, 3 bits segment, 4 bits step."""
    code = ~np.arange(256, dtype=np.uint8)
    segment, step = (code >> 4) & 7, code & 15
    magnitude = ((2 * step.astype(np.int32) + _BIAS) << segment) - _BIAS
    return np.where(code & 0x80, -4 * magnitude, 4 * magnitude).astype(np.int16)


def _alaw_values() -> Pcm:
    """Expand every A-law byte: even bits inverted, sign, 3 bits segment, 4 bits step."""
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    segment, step = (code >> 4) & 7, (code & 15).astype(np.int32)
    linear = 2 * step + 1
    magnitude = np.where(segment == 0, linear, (linear + 32) << np.maximum(segment, 1) - 1)
    return np.where(code & 0x80, 8 * magnitude, -8 * magnitude).astype(np.int16)


def _nearest(values: Pcm) -> NDArray[np.uint8]:
    """Invert a table: for every int16, by its bits, the byte whose value is nearest."""
    order = np.argsort(values, kind="stable")
    ladder = values[order].astype(np.int32)
    middles = (ladder[1:] + ladder[:-1]) / 2
    every = np.arange(65_536, dtype=np.uint16).view(np.int16).astype(np.int32)
    return order[np.searchsorted(middles, every)].astype(np.uint8)


_MULAW_TO_PCM = _mulaw_values()
_ALAW_TO_PCM = _alaw_values()
_PCM_TO_MULAW = _nearest(_MULAW_TO_PCM)
_PCM_TO_ALAW = _nearest(_ALAW_TO_PCM)
