"""The parts of a phrase: words, or a few short ones, that are compared each with itself.

What a voice sounds like depends on what it says, so a phrase said again is best compared word with
word (Hebert, "Text-dependent speaker recognition", Springer Handbook of Speech Processing, 2008).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from engine.phrase.phones import STEP
from engine.phrase.spectra import FRAME_S, Numbers
from engine.types import Span

FEWEST_PHONES: Final = 5
"""A part has at least so many, 0.4 s of speech: less is no voice yet."""
MARGIN_S: Final = 0.2
"""What a part takes in of its neighbours, on either side."""
_FRAME_S: Final = STEP * FRAME_S


def parts_of(words: Sequence[str], said: Mapping[str, tuple[str, ...]]) -> Numbers:
    """Return which part each word of a phrase belongs to, `[words]`, numbered from 0.

    `said` has the phones of each word, its usual pronunciation first. Words are joined until there
    are `FEWEST_PHONES`; what is left over at the end belongs to the part before. So the parts
    depend on the phrase alone.
    """
    phones = [len(said[word][0].split()) for word in words]
    parts = np.zeros(len(words), np.int64)
    part = collected = 0
    for k, count in enumerate(phones):
        parts[k] = part
        collected += count
        if collected >= FEWEST_PHONES and sum(phones[k + 1 :]) >= FEWEST_PHONES:
            part, collected = part + 1, 0
    return parts


def spans(path: Numbers, parts: Numbers) -> tuple[Span, ...]:
    """Return where each part lies, with its margins; the last may end after the utterance does.

    `path` says which word each frame is of, `[frames]`, less than 0 where it is of none, as that of
    a `Trace`. No spans where a part is not in it.
    """
    of_frame = np.where(path < 0, -1, parts[np.maximum(path, 0)])
    found = [np.flatnonzero(of_frame == part) for part in range(int(parts.max()) + 1)]
    if not all(len(each) for each in found):
        return ()
    return tuple(_span(each) for each in found)


def _span(frames: Numbers) -> Span:
    start, end = float(frames[0] * _FRAME_S), float((frames[-1] + 1) * _FRAME_S)
    return Span(max(0.0, start - MARGIN_S), end + MARGIN_S)
