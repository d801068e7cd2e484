"""Keeps the caller's time running: says when silence must stand in for audio that does not come.

The clock is a parameter: seconds of any monotonic clock. A caller's phone that suppresses silence
(DTX, RFC 3389) or a lossy network leaves holes; a flow that counts time in frames must not stall.
"""

from __future__ import annotations

from engine.types import TELEPHONE_RATE_HZ
from ivr.media.reframer import FRAME_MS, FRAME_SAMPLES

GAP_S = 0.060
"""So late may a frame be before it counts as missing: three frames, ordinary network jitter."""
GRACE_S = 0.010
"""What was due longer ago than this was noticed late by us: look at the socket before judging."""
AHEAD_S = 0.200
"""So much audio that came after silence had stood in for it is set off against later gaps."""
FRAME_S = FRAME_MS / 1000


class Pacer:
    """Compares the audio that came with the time that passed.

    `inserted` counts the frames of silence, `gaps` the holes that they filled.
    """

    def __init__(self, now: float) -> None:
        """Begin at `now`: the caller is expected to be heard from here on."""
        self.inserted = 0
        self.gaps = 0
        self._heard_until = now
        self._silent = True
        self._due = now + GAP_S
        self._looked_again = False

    @property
    def due(self) -> float:
        """When to call `tick`, unless audio comes first."""
        return self._due

    def arrived(self, now: float, samples: int) -> None:
        """Note that `samples` at 8 kHz came at `now`."""
        seconds = samples / TELEPHONE_RATE_HZ
        if self._silent:
            self._heard_until = max(self._heard_until, now - seconds)
        self._heard_until = min(self._heard_until + seconds, now + AHEAD_S)
        self._silent = False
        self._looked_again = False
        self._due = self._heard_until + GAP_S

    def tick(self, now: float) -> int:
        """Return how many frames of silence to insert now; 0 if it is not time yet."""
        if now < self._due:
            return 0
        if now > self._due + GRACE_S and not self._looked_again:
            self._looked_again = True
            self._due = now + GRACE_S
            return 0
        return self._fill(now)

    def _fill(self, now: float) -> int:
        frames = round((now - self._heard_until) * TELEPHONE_RATE_HZ) // FRAME_SAMPLES
        if not self._silent or not self.inserted:
            self.gaps += 1
        self._silent = True
        self._looked_again = False
        self.inserted += frames
        self._heard_until += frames * FRAME_S
        self._due = self._heard_until + FRAME_S
        return frames
