"""The codecs a softphone speaks: both laws of G.711 under their RTP payload types."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.audio.g711 import decode_alaw, decode_mulaw, encode_alaw, encode_mulaw
from engine.types import Pcm


@dataclass(frozen=True, slots=True)
class Codec:
    """One law under its static RTP payload type (RFC 3551, table 4)."""

    name: str
    payload_type: int
    decode: Callable[[bytes], Pcm]
    """Return int16 `[n]` at 8 kHz of `n` encoded bytes."""
    encode: Callable[[Pcm], bytes]
    """Return one byte for each int16 sample."""
    silence: bytes
    """One encoded sample of silence."""


PCMU = Codec("PCMU", 0, decode_mulaw, encode_mulaw, b"\xff")
"""Mu-law."""

PCMA = Codec("PCMA", 8, decode_alaw, encode_alaw, b"\xd5")
"""A-law."""

CODECS = (PCMU, PCMA)
