"""The files of an acoustic model of CMU Sphinx, read to arrays.

Their layouts are those that PocketSphinx 5 reads: `s3` parameter files (ms_gauden.c, tmat.c), the
dump of mixture weights (ptm_mgau.c, read_sendump) and the binary model definition (bin_mdef.c).
Everything is little-endian, as in the model that comes along.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import RecogniserError

_BYTE_ORDER: Final = 0x11223344
_WEIGHT_STEP: Final = 1024 * math.log(1.0001)
"""One step of a mixture weight, in nats: PocketSphinx's SENSCR_SHIFT and logbase."""
_PHONE: Final = np.dtype([("sequence", "<i4"), ("transitions", "<i4"), ("where", "u1", 4)])

Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """Which states a phone has, alone and between others."""

    phones: tuple[str, ...]
    """Names; a phone's number is its place."""
    alone: Numbers
    """Senones `[phones, 3]` of a phone without neighbours."""
    within: Numbers
    """Number of the sequence `[phones, phones, phones, 4]` for phone, left and right neighbour and
    place in the word: inside, at its beginning, at its end, alone. -1 where there is none."""
    sequences: Numbers
    """Senones `[sequences, 3]`."""


def read_gaussians(path: Path) -> Floats:
    """Read means or variances, float32 `[codebooks, streams, densities, width]`."""
    with _blamed(path):
        octets, at = _after_header(path)
        codebooks, streams, densities = struct.unpack_from("<3i", octets, at)
        widths = struct.unpack_from(f"<{streams}i", octets, at + 12)
        values = np.frombuffer(
            octets, "<f4", codebooks * densities * sum(widths), at + 16 + 4 * streams
        )
        return values.reshape(codebooks, streams, densities, widths[0]).astype(np.float32)


def read_transitions(path: Path) -> Floats:
    """Read the probabilities of going on, `[phones, from 3, to 4]`: every row sums up to 1."""
    with _blamed(path):
        octets, at = _after_header(path)
        shape = struct.unpack_from("<3i", octets, at)
        counts = np.frombuffer(octets, "<f4", math.prod(shape), at + 16).reshape(shape)
        return np.asarray(counts / counts.sum(axis=2, keepdims=True), np.float32)


def read_weights(path: Path, streams: int, densities: int) -> Floats:
    """Read the mixture weights, `[streams, densities, senones]`: each mixture sums up to 1."""
    with _blamed(path):
        octets, at = path.read_bytes(), 0
        while size := struct.unpack_from("<i", octets, at)[0]:
            at += 4 + size
        rows, senones = struct.unpack_from("<2i", octets, at + 4)
        steps = np.frombuffer(octets, np.uint8, streams * densities * senones, at + 12)
        weights = np.exp(-_WEIGHT_STEP * steps.reshape(streams, rows, senones).astype(np.float32))
        return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float32)


def read_definition(path: Path) -> Definition:
    """Read which senones the phones have."""
    with _blamed(path):
        octets = path.read_bytes()
        at = 12 + struct.unpack_from("<i", octets, 8)[0]
        head = struct.unpack_from("<10i", octets, at)
        alone, phones, states, tree = head[0], head[1], head[2], head[8]
        names, at = _names(octets, at + 40, alone)
        at += 8 * tree
        each = np.frombuffer(octets, _PHONE, phones, at)
        at += _PHONE.itemsize * phones
        (size,) = struct.unpack_from("<i", octets, at)
        sequences = np.frombuffer(octets, "<u2", size, at + 4).reshape(-1, states).astype(np.int64)
    return Definition(
        phones=names,
        alone=sequences[each["sequence"][:alone]],
        within=_table(each[alone:], alone),
        sequences=sequences,
    )


@contextmanager
def _blamed(path: Path) -> Iterator[None]:
    """Turn what goes wrong while a file is read into a `RecogniserError` that names it."""
    try:
        yield
    except (OSError, ValueError, struct.error, IndexError) as error:
        raise RecogniserError(
            f"{path} is not as PocketSphinx has it ({error}); install pocketsphinx anew"
        ) from error


def _after_header(path: Path) -> tuple[bytes, int]:
    octets = path.read_bytes()
    at = octets.index(b"endhdr\n") + len(b"endhdr\n")
    if struct.unpack_from("<I", octets, at)[0] != _BYTE_ORDER:
        raise ValueError("its bytes are in another order")
    return octets, at + 4


def _names(octets: bytes, at: int, count: int) -> tuple[tuple[str, ...], int]:
    """Read names that end in zero bytes, padded to four bytes, and where they end."""
    names = octets[at:].split(b"\0", count)[:count]
    size = sum(len(name) + 1 for name in names)
    return tuple(name.decode("ascii") for name in names), at + (size + 3) // 4 * 4


def _table(phones: NDArray[np.void], alone: int) -> Numbers:
    table = np.full((alone, alone, alone, 4), -1, np.int64)
    place, base, left, right = phones["where"].T
    table[base, left, right, place] = phones["sequence"]
    return table
