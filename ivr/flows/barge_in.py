"""Does the caller speak over the prompt, or is it a cough, or the prompt's own echo?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.types import TELEPHONE_RATE_HZ, Hearing, Pcm

BARGE_IN_S = 0.3
"""Speech this long stops a prompt; a cough or the prompt's own echo is shorter."""

BARGE_IN_DBFS = -28.0
"""And it must be louder than that echo: a prompt's loudest frames have -13 dBFS, and a two-wire
line sends them back 14 dB weaker or more. A caller's loudest are as far above his mean, so that
nearly all are heard; who speaks more quietly is heard after the tone."""

_PAUSE: Final = round(0.1 * TELEPHONE_RATE_HZ)
"""Samples between two loud sounds of one voice, and before its first: a stop, a soft consonant."""
_LONGEST: Final = round(0.5 * TELEPHONE_RATE_HZ)
"""Who speaks for longer over a prompt has stopped it."""


@dataclass(slots=True)
class BargeIn:
    """Tells a caller who speaks over the prompt from a cough and from the prompt's echo."""

    happened: bool = False
    spoken: int = 0

    def follows(self, hearing: Hearing, pcm: Pcm) -> bool:
        """Take the next frame, int16 `[n]` at 8 kHz, and say whether the caller has barged in."""
        if hearing is not Hearing.SPEAKING:
            self.spoken = 0
        elif _loud(pcm):
            self.spoken += len(pcm)
        self.happened = self.happened or self.spoken >= BARGE_IN_S * TELEPHONE_RATE_HZ
        return self.happened


def begun(frames: Sequence[Pcm]) -> Sequence[Pcm]:
    """Return the last of these frames in which somebody has begun to speak and not finished.

    Empty where nobody has; half a second of them at most. Frames are int16 `[n]` at 8 kHz.
    """
    taken, heard, quiet, spoken = 0, 0, 0, False
    for pcm in reversed(frames):
        if quiet >= _PAUSE or heard >= _LONGEST:
            break
        loud = _loud(pcm)
        taken, heard, quiet = taken + 1, heard + len(pcm), 0 if loud else quiet + len(pcm)
        spoken = spoken or loud
    return frames[len(frames) - taken :] if spoken else ()


def _loud(pcm: Pcm) -> bool:
    """Say whether a frame is louder than a prompt's echo."""
    power = float(np.mean(np.square(pcm.astype(np.float32) / 32_768))) if len(pcm) else 0.0
    return bool(power > 10 ** (BARGE_IN_DBFS / 10))
