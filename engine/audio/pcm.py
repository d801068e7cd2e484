"""Linear samples: int16 on the wire, float32 in [-1, 1) inside, and the bytes between them."""

from __future__ import annotations

import numpy as np

from engine.errors import AudioError
from engine.types import Pcm, Samples

FULL_SCALE = 32_768
"""What an int16 sample is divided by, so that the range becomes [-1, 1)."""

_LARGEST = np.float32(1.0 - 1.0 / FULL_SCALE)


def from_bytes(octets: bytes | bytearray | memoryview) -> Pcm:
    """Read signed 16-bit little-endian samples: `2 n` bytes to int16 `[n]`.

    `AudioError` where the number of bytes is odd.
    """
    count = memoryview(octets).nbytes
    if count % 2:
        raise AudioError(f"16-bit samples take an even number of bytes, not {count}")
    return np.frombuffer(octets, dtype="<i2").astype(np.int16)


def to_bytes(pcm: Pcm) -> bytes:
    """Write int16 `[n]` as `2 n` bytes, little-endian; `AudioError` for anything else."""
    return checked(pcm).astype("<i2", copy=False).tobytes()


def to_float(pcm: Pcm) -> Samples:
    """Turn int16 `[n]` into float32 `[n]` in [-1, 1), exactly; `AudioError` for anything else."""
    return checked(pcm).astype(np.float32) / np.float32(FULL_SCALE)


def to_int(samples: Samples) -> Pcm:
    """Turn float `[n]` into int16 `[n]`: rounded, and limited to full scale.

    `AudioError` where the samples are no vector of finite floats.
    """
    if samples.ndim != 1 or samples.dtype.kind != "f":
        raise AudioError(f"samples are a float vector, not {samples.dtype} {samples.shape}")
    if not np.isfinite(samples).all():
        raise AudioError("samples must be finite, and these hold NaN or infinity")
    return np.clip(np.rint(samples * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)


def limited(samples: Samples) -> Samples:
    """Limit float32 `[n]` to the range that int16 can hold, [-1, 1)."""
    return np.clip(samples, np.float32(-1.0), _LARGEST)


def checked(pcm: Pcm) -> Pcm:
    """Return the samples as they came; `AudioError` unless they are an int16 vector."""
    if pcm.ndim != 1 or pcm.dtype != np.int16:
        raise AudioError(f"linear samples are an int16 vector, not {pcm.dtype} {pcm.shape}")
    return pcm
