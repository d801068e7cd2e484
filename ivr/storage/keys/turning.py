"""A tenant's secret orthogonal matrix: voiceprints are stored turned by it.

A turned vector has the same cosines with others turned alike, and none worth the name with
anything else, so a stolen voiceprint matches neither the person nor the person's voiceprint with
another tenant, and a new matrix makes the stolen one worthless.
"""

from __future__ import annotations

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from numpy.typing import NDArray
from scipy.special import ndtri

from ivr.storage.keys.sealing import derive

_UNIFORM_BITS = 53


class Turning:
    """An orthogonal matrix `[dim, dim]`, float64, that a key determines.

    It is the Q of the QR decomposition of a Gaussian matrix, its signs fixed by a positive
    diagonal of R: uniform over the orthogonal group (Mezzadri 2007, arXiv:math-ph/0609050).
    """

    def __init__(self, key: bytes, dim: int) -> None:
        gaussian = ndtri(_uniform(derive(key, "turning", str(dim)), dim * dim))
        q, r = np.linalg.qr(gaussian.reshape(dim, dim))
        self._matrix: NDArray[np.float64] = q * np.sign(np.diag(r))

    def turn(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Turn the last axis, float32 `[..., dim]`; lengths and angles stay, to 1e-6."""
        turned: NDArray[np.float64] = vectors.astype(np.float64) @ self._matrix.T
        return turned.astype(np.float32)

    def turn_back(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Undo `turn`, to 1e-6."""
        turned: NDArray[np.float64] = vectors.astype(np.float64) @ self._matrix
        return turned.astype(np.float32)


def _uniform(key: bytes, count: int) -> NDArray[np.float64]:
    """Return `count` numbers in (0, 1) from the key stream of AES-256 in counter mode."""
    stream = Cipher(algorithms.AES(key), modes.CTR(bytes(16))).encryptor()
    octets = stream.update(bytes(8 * count)) + stream.finalize()
    words = np.frombuffer(octets, "<u8") >> np.uint64(64 - _UNIFORM_BITS)
    uniform: NDArray[np.float64] = (words.astype(np.float64) + 0.5) * 2.0**-_UNIFORM_BITS
    return uniform
