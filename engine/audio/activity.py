"""Where in the audio somebody speaks: windows' probabilities become segments of samples."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.audio.detector import WINDOW, Detector
from engine.audio.pcm import checked
from engine.types import Pcm

ONSET: Final = 0.4
"""A segment begins with the first window that is as probably speech as this ..."""
STRONG: Final = 0.7
"""... it ends with the last that is as probable as this, ..."""
OFFSET: Final = 0.3
"""... and is over when one is less probable than this. Tuned on the corpus' train and dev."""
LEAST_STRONG: Final = 2
"""Strong windows that make a segment; a click has one."""
MOST_WEAK: Final = 8
"""Windows in a row, neither strong nor below the offset, that are a noise and no speech."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Speech from one sample up to, not including, another; counted at 8 kHz."""

    start: int
    end: int

    def __len__(self) -> int:
        """Length in samples."""
        return self.end - self.start


class Activity:
    """Hysteresis over the probabilities of consecutive windows of 256 samples."""

    def __init__(self) -> None:
        self._closed: list[Segment] = []
        self._start: int | None = None
        self._end = 0
        self._strong = self._weak = 0
        self.judged = 0
        """Samples judged so far."""

    @property
    def speaking(self) -> bool:
        """True while speech goes on, as far as the last window tells."""
        return self._start is not None and self._strong >= LEAST_STRONG

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The speech so far, in order; the last segment may still grow."""
        if self._start is None or self._strong < LEAST_STRONG:
            return tuple(self._closed)
        return (*self._closed, Segment(self._start, self._end))

    def take(self, probability: float) -> None:
        """Take how probably the next window is speech, in [0, 1]."""
        if self._start is None and probability >= ONSET:
            self._start, self._strong, self._weak = self.judged, 0, 0
        self.judged += WINDOW
        self._count(strong=probability >= STRONG)
        if probability < OFFSET or self._weak >= MOST_WEAK:
            self._closed = list(self.segments)
            self._start = None

    def forget(self) -> None:
        """Drop the speech that is over; the count of samples goes on."""
        self._closed = []

    def _count(self, *, strong: bool) -> None:
        if strong:
            self._strong, self._weak, self._end = self._strong + 1, 0, self.judged
        else:
            self._weak += 1


def speech_in(pcm: Pcm) -> tuple[Segment, ...]:
    """Find the speech in a whole recording: int16 `[n]` at 8 kHz.

    `AudioError` for anything but an int16 vector; 3 ms of work for a second of audio.
    """
    activity = Activity()
    padded = np.concatenate([checked(pcm), np.zeros(-len(pcm) % WINDOW, np.int16)])
    with closing(Detector()) as detector:
        for start in range(0, len(padded), WINDOW):
            activity.take(detector.probability(padded[start : start + WINDOW]))
    return tuple(Segment(s.start, min(s.end, len(pcm))) for s in activity.segments)
