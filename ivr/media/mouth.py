"""What the caller hears, frame by frame: the prompt, and silence where there is none.

Time is told from outside, by whoever takes a frame every 20 ms.
"""

from __future__ import annotations

import numpy as np

from engine.types import Pcm
from ivr.media.reframer import FRAME_SAMPLES

SILENCE: Pcm = np.zeros(FRAME_SAMPLES, np.int16)


class Mouth:
    """Plays one piece of audio at a time, int16 at 8 kHz."""

    def __init__(self) -> None:
        """Begin in silence."""
        self._rest: Pcm = np.empty(0, np.int16)
        self._playing = False

    @property
    def playing(self) -> bool:
        """Whether a piece of audio has begun and not been heard to its end."""
        return self._playing

    def play(self, pcm: Pcm) -> None:
        """Begin a piece, int16 `[n]`; what was playing is cut off."""
        self._rest = pcm
        self._playing = True

    def hush(self) -> bool:
        """Fall silent with the next frame; say whether there was anything to silence."""
        was, self._playing = self._playing, False
        self._rest = np.empty(0, np.int16)
        return was

    def frame(self) -> tuple[Pcm, bool]:
        """Return the next 20 ms, int16 `[160]`, and whether a piece ended just before it.

        It has ended when its last frame's 20 ms are over, which is when the next one is due.
        """
        taken, self._rest = self._rest[:FRAME_SAMPLES], self._rest[FRAME_SAMPLES:]
        if len(taken):
            return np.concatenate((taken, SILENCE[len(taken) :])), False
        ended, self._playing = self._playing, False
        return SILENCE, ended
