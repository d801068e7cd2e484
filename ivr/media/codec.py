"""Media frames in the formats that Asterisk names, to int16 at 8 kHz and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from engine.audio.g711 import decode_alaw, decode_mulaw, encode_alaw, encode_mulaw
from engine.audio.low_pass import low_pass
from engine.types import Pcm
from ivr.media.errors import FrameSizeError

Real = NDArray[np.float64]

WIRE = np.dtype("<i2")
"""Linear audio on the media socket: little-endian, whatever the machine."""

HALF_BAND_TAPS = 63
"""Of the low pass between 8 and 16 kHz: 2 ms each way, stop band 60 dB below from 4.4 kHz on."""


class Codec(Protocol):
    """One stream's two directions."""

    def decode(self, frame: bytes) -> Pcm:
        """Return int16 `[n]` at 8 kHz; `FrameSizeError` where the bytes are no whole samples."""
        ...

    def encode(self, pcm: Pcm) -> bytes:
        """Return int16 `[n]` at 8 kHz in this format."""
        ...


class Slin:
    """`slin`: linear, 8 kHz; 320 bytes are 20 ms."""

    def decode(self, frame: bytes) -> Pcm:
        """Return int16 `[n]`, bit for bit."""
        return _linear("slin", frame, 2)

    def encode(self, pcm: Pcm) -> bytes:
        """Return the samples, bit for bit."""
        return pcm.astype(WIRE, copy=False).tobytes()


class Slin16:
    """`slin16`: linear, 16 kHz; 640 bytes are 20 ms. It remembers what came before."""

    def __init__(self) -> None:
        """Begin in silence."""
        self._taps = low_pass(3_700 / 8_000, np.hamming(HALF_BAND_TAPS))
        self._down = np.zeros(HALF_BAND_TAPS - 1)
        self._up = np.zeros(HALF_BAND_TAPS - 1)

    def decode(self, frame: bytes) -> Pcm:
        """Return int16 `[n / 4]` for `n` bytes, low-passed and every other sample dropped."""
        wide = _linear("slin16", frame, 4)
        smooth, self._down = _filtered(self._taps, wide, self._down)
        return _rounded(smooth[::2])

    def encode(self, pcm: Pcm) -> bytes:
        """Return 4 bytes for each sample."""
        sparse = np.zeros(2 * len(pcm))
        sparse[::2] = pcm * 2.0
        smooth, self._up = _filtered(self._taps, sparse, self._up)
        return _rounded(smooth).astype(WIRE, copy=False).tobytes()


@dataclass(frozen=True, slots=True)
class G711:
    """`ulaw` or `alaw` (ITU-T G.711): 160 bytes are 20 ms."""

    format: str
    expand: Callable[[bytes], Pcm]
    compress: Callable[[Pcm], bytes]

    def decode(self, frame: bytes) -> Pcm:
        """Return int16 `[n]` for `n` bytes."""
        if not frame:
            raise FrameSizeError(self.format, 0, 1)
        return self.expand(frame)

    def encode(self, pcm: Pcm) -> bytes:
        """Return a byte for each sample."""
        return self.compress(pcm)


FORMATS: dict[str, Callable[[], Codec]] = {
    "slin": Slin,
    "slin16": Slin16,
    "ulaw": lambda: G711("ulaw", decode_mulaw, encode_mulaw),
    "alaw": lambda: G711("alaw", decode_alaw, encode_alaw),
}
"""By Asterisk's names, each a maker: one codec per stream."""


def _linear(format: str, frame: bytes, unit: int) -> Pcm:
    if not frame or len(frame) % unit:
        raise FrameSizeError(format, len(frame), unit)
    return np.frombuffer(frame, WIRE).astype(np.int16)


def _filtered(taps: Real, samples: NDArray[Any], before: Real) -> tuple[Real, Real]:
    """Filter one piece of a stream after `before`, and return what the next one comes after."""
    whole = np.convolve(samples, taps)
    whole[: len(before)] += before
    return whole[: len(samples)], whole[len(samples) :]


def _rounded(samples: Real) -> Pcm:
    return np.clip(np.rint(samples), -32_768, 32_767).astype(np.int16)
