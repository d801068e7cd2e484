"""Hears the tone after which a caller is asked to speak: one Goertzel bin, 20 ms at a time."""

from __future__ import annotations

import numpy as np

from engine.types import TELEPHONE_RATE_HZ, Pcm

TONE_HZ = 1000
TONE_AT_LEAST_S = 0.1
_PURITY = 0.85
"""Share of a frame's energy at the tone's frequency; speech stays far below for 100 ms."""
_FLOOR_DBFS = -40.0
_FLOOR_POWER = (32768.0 * 10 ** (_FLOOR_DBFS / 20)) ** 2
_GAP_S = 0.06
"""A far end that falls silent by sending nothing has ended its tone after three lost frames."""

_turn = 2 * np.pi * TONE_HZ / TELEPHONE_RATE_HZ * np.arange(TELEPHONE_RATE_HZ // 10)
_BASIS = np.stack([np.cos(_turn), np.sin(_turn)], axis=1).astype(np.float32)


def is_tone(pcm: Pcm) -> bool:
    """Say whether a frame, int16 `[n]` at 8 kHz with n <= 800, is loud and nothing but tone."""
    samples = pcm.astype(np.float32)
    energy = float(samples @ samples)
    if energy <= _FLOOR_POWER * len(samples):
        return False
    cosine, sine = samples @ _BASIS[: len(samples)]
    return 2 * float(cosine * cosine + sine * sine) >= _PURITY * energy * len(samples)


class ToneListener:
    """Tells when a tone of at least 100 ms has ended; time is a parameter."""

    def __init__(self) -> None:
        self._lasted_s = 0.0
        self._last_at = 0.0

    def hear(self, pcm: Pcm, now: float) -> bool:
        """Take a frame that arrived at `now`; True where it is the first after a tone."""
        if is_tone(pcm):
            self._lasted_s += len(pcm) / TELEPHONE_RATE_HZ
            self._last_at = now
            return False
        return self._end()

    def wait(self, now: float) -> bool:
        """Let time pass; True where the far end sent nothing more after a tone."""
        return self._lasted_s > 0 and now - self._last_at > _GAP_S and self._end()

    def _end(self) -> bool:
        lasted_s, self._lasted_s = self._lasted_s, 0.0
        return lasted_s >= TONE_AT_LEAST_S - 1e-6
