"""Whether an utterance is an earlier recording of the person once more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.liveness.fingerprint import Hashes, hashes_of
from engine.liveness.landmarks import HOP_S
from engine.types import Fingerprint, ReplayFinding, ReplayOutcome

LIKE: Final = 0.03
"""The share of the hashes that must be found again for a repeat ..."""
BY_CHANCE: Final = 6
"""... and so many more, since chance aligns a few: together 7 % in a word of a second, 4 % in a
passphrase of four. `countersign evaluate --replay` says what that catches."""
LEAST_HASHES: Final = 20
"""With fewer there is nothing to compare: 0.1 s of speech has as many."""

_MOST_EQUAL: Final = 16
"""A hash that an earlier recording has more often is a steady tone's and tells no time."""
_SAME_SHIFT: Final = (1, 2, 1)
"""A frame more or less counts as the same shift; of equal ones the middle is taken."""

_UNCHECKED: Final = ReplayFinding(ReplayOutcome.UNCHECKED, 0.0, None)


@dataclass(frozen=True, slots=True)
class _Alignment:
    """How well a fingerprint lies on another at the best shift."""

    found: int
    shorter: int
    """Hashes of the shorter of the two."""
    frames: int

    @property
    def likeness(self) -> float:
        return min(1.0, self.found / self.shorter)

    @property
    def repeats(self) -> bool:
        return self.found >= BY_CHANCE + LIKE * self.shorter


def repeat(fingerprint: Fingerprint, earlier: Sequence[Fingerprint]) -> ReplayFinding:
    """Look for an utterance among the person's earlier recordings; some 0.3 ms for each.

    `likeness` is the share of the shorter one's hashes found again in the other at one shift, the
    highest over all earlier recordings. UNCHECKED where the utterance is too short, or where none
    of the earlier ones is long enough and was made with the same key.
    `FingerprintError` where one of them is no fingerprint.
    """
    heard = hashes_of(fingerprint)
    found = list(_alignments(heard, earlier))
    if not found:
        return _UNCHECKED
    best = max(found, key=lambda each: (each.repeats, each.likeness))
    if not best.repeats:
        return ReplayFinding(ReplayOutcome.FRESH, best.likeness, None)
    return ReplayFinding(ReplayOutcome.REPEAT, best.likeness, best.frames * HOP_S)


def how(likeness: float, shift_s: float) -> str:
    """Say in words how a repeat, a finding with a shift, was known: for who reads the record."""
    shift_ms = round(1000 * shift_s)
    place = f"shifted by {shift_ms:+d} ms" if shift_ms else "at the same place"
    return f"an earlier recording again: {likeness:.0%} of the landmarks found {place}"


def _alignments(heard: Hashes, earlier: Sequence[Fingerprint]) -> Iterator[_Alignment]:
    for each in map(hashes_of, earlier):
        comparable = each.key_tag == heard.key_tag
        if comparable and min(len(each.hash), len(heard.hash)) >= LEAST_HASHES:
            yield _aligned(heard, each)


def _aligned(heard: Hashes, earlier: Hashes) -> _Alignment:
    """Find the shift at which most hashes agree; a frame more or less is the same shift."""
    which, shifts = _agreeing(heard, earlier)
    shorter = min(len(heard.hash), len(earlier.hash))
    if not len(shifts):
        return _Alignment(0, shorter, 0)
    least = int(shifts.min())
    counts = np.convolve(np.bincount(shifts - least), _SAME_SHIFT, "full")
    best = int(np.argmax(counts)) - 1 + least
    found = len(np.unique(which[np.abs(shifts - best) <= 1]))
    return _Alignment(found, shorter, best)


def _agreeing(heard: Hashes, earlier: Hashes) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Every equality of a hash here with one there: which one here, and the frames between."""
    order = np.argsort(earlier.hash, kind="stable")
    ladder = earlier.hash[order]
    first = np.searchsorted(ladder, heard.hash, "left")
    times = np.searchsorted(ladder, heard.hash, "right") - first
    times[times > _MOST_EQUAL] = 0
    which = np.repeat(np.arange(len(heard.hash)), times)
    within = np.arange(len(which)) - np.repeat(np.cumsum(times) - times, times)
    there = order[np.repeat(first, times) + within]
    return which, heard.at[which] - earlier.at[there]
