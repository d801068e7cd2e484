"""Batches to learn phones from: recordings over a telephone each, and what is said when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.phrase.phones import HALVES, PHONES, SILENCE, STATES, STEP
from engine.training.channel.telephone import Telephone
from engine.training.crops import resampled
from engine.training.phones.spectra import WINDOW
from engine.training.phones.spoken import FRAME, Phones, Spoken
from engine.training.phones.teaching import Overheard
from engine.types import Pcm

FRAMES: Final = 256
"""Of a crop: 2.56 s."""
SAMPLES: Final = FRAME * (FRAMES - 1) + WINDOW
SPEEDS: Final = (0.85, 0.9, 0.95, 1.0, 1.05, 1.1, 1.15)
_OTHERS: Final = ""
_OVERHEARD: Final = "overheard"
_SHARES: Final = {
    "speechocean762": 0.25,
    "librispeech": 0.2,
    "an4": 0.1,
    _OVERHEARD: 0.15,
    _OTHERS: 0.3,
}
"""How much is learnt from what, where all of it is there."""
_SMOOTHING: Final = 0.05
_LEVEL: Final = 0.05
_CENTRE: Final = WINDOW // 2

States = NDArray[np.int64]
Wanted = NDArray[np.float32]
"""How likely each state shall be, `[frames, STATES]`."""


def states(phones: Phones) -> States:
    """Return which half of which phone each frame is of, `[frames]`: 2 phone, or 2 phone + 1."""
    begins = np.flatnonzero(np.diff(phones, prepend=255))
    lengths = np.diff(begins, append=len(phones))
    through = np.arange(len(phones)) - np.repeat(begins, lengths)
    second = 2 * through + 1 > np.repeat(lengths, lengths)
    return 2 * phones.astype(np.int64) + second


@dataclass(frozen=True, slots=True, eq=False)
class Lessons:
    """What crops are drawn from."""

    spoken: Spoken
    states: list[States]
    """Of each recording, every 10 ms."""
    overheard: Overheard
    shares: NDArray[np.float64]
    """How often to draw each recording: what is spoken, then what is overheard."""

    @classmethod
    def of(cls, spoken: Spoken, overheard: Overheard) -> Lessons:
        """Prepare to draw from these."""
        kinds = np.array([*map(_kind, spoken.corpora), *[_OVERHEARD] * len(overheard.samples)])
        samples = [*spoken.samples, *overheard.samples]
        lengths = np.array([len(each) for each in samples], np.float64)
        shares = np.zeros(len(kinds))
        for kind in np.unique(kinds):
            of_kind = lengths[kinds == kind]
            shares[kinds == kind] = _SHARES[kind] * of_kind / of_kind.sum()
        known = [states(each) for each in spoken.phones]
        return cls(spoken, known, overheard, shares / shares.sum())

    def batch(
        self, rows: int, telephone: Telephone, random: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        """Return samples float32 `[rows, SAMPLES]` and how likely each state shall be.

        Those are float32 `[rows, STATES, FRAMES / 2]`.
        """
        chosen = random.choice(len(self.shares), rows, p=self.shares)
        speed = SPEEDS[int(random.integers(len(SPEEDS)))]
        crops = [self._crop(int(number), speed, random) for number in chosen]
        samples = torch.from_numpy(np.stack([each for each, _ in crops]))
        wanted = torch.from_numpy(np.stack([each.T for _, each in crops]))
        return telephone(resampled(samples, SAMPLES)), wanted

    def _crop(
        self, number: int, speed: float, random: np.random.Generator
    ) -> tuple[NDArray[np.float32], Wanted]:
        """Draw a part of a recording, or all of it in silence, for this speed."""
        pcm = self._pcm(number)
        size, length = round(SAMPLES * speed), len(pcm) // FRAME
        frames = size // FRAME + 1
        room = frames - length
        place = int(random.integers(abs(room) + 1))
        lead, skipped = (place, 0) if room > 0 else (0, place)
        samples = np.zeros(size, np.float32)
        part = pcm[skipped * FRAME :][: size - lead * FRAME].astype(np.float32)
        samples[lead * FRAME : lead * FRAME + len(part)] = part * (_LEVEL / max(1.0, _rms(part)))
        at = (np.arange(0, FRAMES, STEP) * FRAME + _CENTRE) * speed
        drawn = np.clip(np.rint((at - _CENTRE) / FRAME), 0, frames - 1).astype(int)
        own = drawn - lead + skipped
        return samples, self._wanted(number, np.where((drawn < lead) | (own >= length), -1, own))

    def _pcm(self, number: int) -> Pcm:
        known = len(self.spoken.samples)
        if number < known:
            return self.spoken.samples[number]
        return self.overheard.samples[number - known]

    def _wanted(self, number: int, frames: NDArray[np.int64]) -> Wanted:
        """Return what is to be heard in these frames of a recording; -1 is the silence around."""
        wanted = np.zeros((len(frames), STATES), np.float32)
        inside = frames >= 0
        wanted[~inside, HALVES * PHONES.index(SILENCE)] = 1.0
        known = len(self.states)
        if number < known:
            wanted[inside, self.states[number][frames[inside]]] = 1.0
        else:
            shares = self.overheard.shares[number - known]
            wanted[inside] = shares[np.minimum(frames[inside] // STEP, len(shares) - 1)]
        smoothed: Wanted = (1.0 - _SMOOTHING) * wanted + np.float32(_SMOOTHING / STATES)
        return smoothed


def _rms(samples: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.mean(samples**2))) if len(samples) else 0.0


def _kind(corpus: str) -> str:
    return next(each for each in _SHARES if corpus.startswith(each))


def priors(lessons: Lessons) -> NDArray[np.float64]:
    """Return how often each state is drawn of what is spoken, `[states]`."""
    counts = np.ones(2 * len(PHONES))
    shares = lessons.shares[: len(lessons.states)]
    for share, each in zip(shares / shares.sum(), lessons.states, strict=True):
        counts += np.bincount(each, minlength=len(counts)) * (share / len(each)) * 1e6
    return counts / counts.sum()


def lengths(lessons: Lessons) -> NDArray[np.float64]:
    """Return how many frames of 20 ms each state lasts, `[states]`, on average."""
    frames, visits = np.ones(2 * len(PHONES)), np.ones(2 * len(PHONES))
    for each in lessons.states:
        visited: Sequence[int] = each[np.flatnonzero(np.diff(each, prepend=-1))].tolist()
        frames += np.bincount(each, minlength=len(frames)) / 2
        visits += np.bincount(visited, minlength=len(frames))
    return frames / visits
