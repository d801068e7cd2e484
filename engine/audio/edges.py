"""Whether a recording begins or ends in the middle of speech, so that some of it is missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.audio.activity import Segment
from engine.audio.detector import WINDOW
from engine.types import Pcm

_FRAME: Final = 80
"""10 ms."""
_EDGE: Final = 5
"""Frames at either end, of which the median counts: a click is no speech."""
_NEAR: Final = 4 * WINDOW
"""128 ms from an end: the detector is as late where it hears no beginning."""
_BELOW: Final = 10 ** (-15 / 10)
"""Speech begins and ends softly: what is within 15 dB of the loud parts is its middle. Both were
chosen on the speakers who tune; `countersign evaluate --disturbances` says what they catch."""
_LOUD_PERCENT: Final = 95.0


def cut_off(pcm: Pcm, segments: Sequence[Segment]) -> bool:
    """Say whether int16 `[n]` at 8 kHz begins or ends in the middle of speech.

    So it is where the speech, `segments`, goes to within 128 ms of an end and the last 50 ms there
    are about as loud as the loud parts of all of it. False without speech, and below 50 ms.
    """
    if not segments or len(pcm) < _EDGE * _FRAME:
        return False
    loud = np.percentile(_powers(pcm[segments[0].start : segments[-1].end]), _LOUD_PERCENT) * _BELOW
    begins = segments[0].start < _NEAR and np.median(_powers(pcm)[:_EDGE]) > loud
    ends = segments[-1].end > len(pcm) - _NEAR and np.median(_powers(pcm[::-1])[:_EDGE]) > loud
    return bool(begins or ends)


def _powers(pcm: Pcm) -> NDArray[np.float64]:
    """Return the power of each frame; one at least, which may be empty of sound."""
    whole = pcm[: len(pcm) // _FRAME * _FRAME].reshape(-1, _FRAME)
    return np.var(whole, axis=1, dtype=np.float64) if len(whole) else np.zeros(1)
