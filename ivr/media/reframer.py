"""Audio of any packet time becomes frames of 20 ms."""

from __future__ import annotations

import numpy as np

from engine.types import TELEPHONE_RATE_HZ, Pcm

FRAME_MS = 20
FRAME_SAMPLES = TELEPHONE_RATE_HZ * FRAME_MS // 1000


class Reframer:
    """Collects int16 samples and hands out frames of `FRAME_SAMPLES`; none is lost or made up."""

    def __init__(self) -> None:
        """Begin with nothing collected."""
        self._rest: Pcm = np.empty(0, np.int16)

    def push(self, pcm: Pcm) -> list[Pcm]:
        """Take int16 `[n]` and return the whole frames that it completes, int16 `[160]` each."""
        joined = np.concatenate((self._rest, pcm)) if self._rest.size else pcm
        whole = len(joined) // FRAME_SAMPLES * FRAME_SAMPLES
        self._rest = joined[whole:].copy()
        return [joined[at : at + FRAME_SAMPLES] for at in range(0, whole, FRAME_SAMPLES)]

    def flush(self) -> list[Pcm]:
        """Return what is left, filled up with silence to one frame; nothing if nothing is left."""
        if not self._rest.size:
            return []
        return self.push(np.zeros(FRAME_SAMPLES - self._rest.size, np.int16))
