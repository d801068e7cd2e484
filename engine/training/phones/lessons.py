"""Batches to learn phones from: recordings over a telephone each, and what is said when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.phrase.phones import PHONES, SILENCE
from engine.training.channel.telephone import Telephone
from engine.training.crops import resampled
from engine.training.phones.spectra import WINDOW
from engine.training.phones.spoken import FRAME, Phones, Spoken

FRAMES: Final = 256
"""Of a crop: 2.56 s."""
SAMPLES: Final = FRAME * (FRAMES - 1) + WINDOW
SPEEDS: Final = (0.85, 0.9, 0.95, 1.0, 1.05, 1.1, 1.15)
_SHARES: Final = {"speechocean762": 0.4, "librispeech": 0.25}
"""How much is learnt from these; what is left belongs to everything else."""
_LEVEL: Final = 0.05
_CENTRE: Final = WINDOW // 2

States = NDArray[np.int64]


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
    shares: NDArray[np.float64]
    """How often to draw each recording."""

    @classmethod
    def of(cls, spoken: Spoken) -> Lessons:
        """Prepare to draw from these."""
        kinds = np.array([_kind(each) for each in spoken.corpora])
        lengths = np.array([len(each) for each in spoken.samples], np.float64)
        shares = np.zeros(len(kinds))
        for kind in np.unique(kinds):
            share = _SHARES.get(kind, 1.0 - sum(_SHARES.values()))
            shares[kinds == kind] = share * lengths[kinds == kind] / lengths[kinds == kind].sum()
        return cls(spoken, [states(each) for each in spoken.phones], shares / shares.sum())

    def batch(
        self, rows: int, telephone: Telephone, random: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        """Return samples float32 `[rows, SAMPLES]` and states int64 `[rows, FRAMES / 2]`."""
        chosen = random.choice(len(self.shares), rows, p=self.shares)
        speeds = SPEEDS[int(random.integers(len(SPEEDS)))]
        crops = [self._crop(int(number), speeds, random) for number in chosen]
        samples = torch.from_numpy(np.stack([each for each, _ in crops]))
        said = torch.from_numpy(np.stack([each for _, each in crops]))
        return telephone(resampled(samples, SAMPLES)), said

    def _crop(
        self, number: int, speed: float, random: np.random.Generator
    ) -> tuple[NDArray[np.float32], States]:
        """Draw a part of a recording, or all of it in silence, for this speed."""
        pcm, said = self.spoken.samples[number], self.states[number]
        size = round(SAMPLES * speed)
        frames = size // FRAME + 1
        room = frames - len(said)
        place = int(random.integers(abs(room) + 1))
        lead, skipped = (place, 0) if room > 0 else (0, place)
        samples = np.zeros(size, np.float32)
        part = pcm[skipped * FRAME :][: size - lead * FRAME].astype(np.float32)
        samples[lead * FRAME : lead * FRAME + len(part)] = part * (_LEVEL / max(1.0, _rms(part)))
        track = np.full(frames, 2 * PHONES.index(SILENCE), np.int64)
        here = said[skipped:][: frames - lead]
        track[lead : lead + len(here)] = here
        at = (np.arange(0, FRAMES, 2) * FRAME + _CENTRE) * speed
        return samples, track[np.clip(np.rint((at - _CENTRE) / FRAME), 0, frames - 1).astype(int)]


def _rms(samples: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.mean(samples**2))) if len(samples) else 0.0


def _kind(corpus: str) -> str:
    return next((each for each in _SHARES if corpus.startswith(each)), "")


def priors(lessons: Lessons) -> NDArray[np.float64]:
    """Return how often each state is drawn, `[states]`."""
    counts = np.ones(2 * len(PHONES))
    for share, each in zip(lessons.shares, lessons.states, strict=True):
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
