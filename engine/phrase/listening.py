"""One utterance laid over several networks at once, as its audio comes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Final, Self

import numpy as np

from engine.audio.pcm import to_int
from engine.phrase.acoustics import AcousticModel, Senones
from engine.phrase.cepstra import AHEAD, Cepstra, Line, cepstra, features, samples_of
from engine.phrase.network import Network
from engine.phrase.search import Path, Search
from engine.phrase.side_by_side import beside
from engine.phrase.sphinx_files import Floats, Numbers
from engine.types import ENGINE_RATE_HZ, Pcm, Samples

SETTLED: Final = round(1.5 * ENGINE_RATE_HZ)
"""The line is known from so many samples: from then on speech is followed while it comes. Where
they are silent, it is known at the end."""

_AT_ONCE: Final = 20
"""Frames that are looked at together: always so many, so that pieces make no difference."""
_NOTHING: Final = np.zeros(0, np.int16)


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Networks beside each other, and the states that they have in common."""

    senones: Senones
    network: Network
    strings: tuple[int, ...]
    """How many each of the networks has."""
    columns: Numbers
    """The columns of the states."""

    @classmethod
    def of(cls, model: AcousticModel, *networks: Network) -> Self:
        """Prepare to search these."""
        network = beside(networks)
        senones = Senones.of(model, network.senones)
        counts = tuple(len(each.ends) for each in networks)
        return cls(senones, network, counts, senones.columns(network.senones))


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """The best path through a string."""

    score: float
    """Its log probability; -inf where the audio is too short for it, or silent."""
    words: Path
    """What each frame is a part of, as `Network.words`: `[frames]`."""
    likelihoods: Floats
    """Log likelihood of each frame, `[frames]`."""


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """What became of the frames so far."""

    prepared: Prepared
    search: Search
    likelihoods: tuple[Floats, ...] = ()

    def after(self, found: Floats) -> Followed:
        """Go on with features `[frames, 39]`."""
        new = self.prepared.senones.likelihoods(found)
        search = self.search.after(new[:, self.prepared.columns])
        return Followed(self.prepared, search, (*self.likelihoods, new))

    def traces(self) -> list[list[Trace]]:
        """Return the best path through each string of each network."""
        every = iter(_traced(self.search, self._whole()[:, self.prepared.columns]))
        return [list(islice(every, count)) for count in self.prepared.strings]

    def traces_of(self, network: Network) -> list[Trace]:
        """Return the best path through each string of another network of the same senones."""
        own = self._whole()[:, self.prepared.senones.columns(network.senones)]
        return _traced(Search(network).after(own), own)

    def _whole(self) -> Floats:
        """Return the log likelihoods `[frames, senones]`."""
        return np.concatenate([*self.likelihoods, np.zeros((0, len(self.prepared.senones.chosen)))])


def _traced(search: Search, likelihoods: Floats) -> list[Trace]:
    """Return the best path through each string; likelihoods are `[frames, states]`."""
    frames = np.arange(len(likelihoods))
    return [
        Trace(score, search.network.words[path], likelihoods[frames, path])
        for score, path in zip(search.best(), search.paths(), strict=True)
    ]


class Listening:
    """Follows what one caller says, for at most so many samples. One thread at a time."""

    def __init__(self, prepared: Prepared, longest: int) -> None:
        self._longest = longest
        self._pcm = _NOTHING
        self._line: Line | None = None
        self._cepstra: Cepstra = np.zeros((0, 13))
        self._done = 0
        self._start = self._followed = Followed(prepared, Search(prepared.network))

    def push(self, samples: Samples) -> None:
        """Take the next samples, float32 `[n]` at 16 kHz of any length, and follow them.

        `AudioError` for anything but a vector of finite floats.
        """
        pcm = to_int(samples)[: self._longest - len(self._pcm)]
        self._pcm = np.concatenate([self._pcm, pcm])
        if self._line is None and len(self._pcm) >= SETTLED:
            line = Line.of(self._pcm[:SETTLED])
            self._line = None if line.silent else line
        if self._line is None:
            return
        self._cepstra = np.concatenate([self._cepstra, self._next(self._line)])
        while len(self._cepstra) >= self._done + _AT_ONCE + AHEAD:
            until = self._done + _AT_ONCE
            self._followed = self._followed.after(_around(self._cepstra, self._done, until))
            self._done = until

    def traces(self) -> list[list[Trace]]:
        """Return the best path through each string of each network, if this was all."""
        return self.whole().traces()

    def whole(self) -> Followed:
        """Return what becomes of all the frames, if these were all."""
        line = self._line or Line.of(self._pcm)
        found = self._cepstra if self._line else self._next(line)
        if line.silent or not len(found):
            return self._start
        rest = self._followed
        for first in range(self._done, len(found), _AT_ONCE):
            rest = rest.after(_around(found, first, min(len(found), first + _AT_ONCE)))
        return rest

    def _next(self, line: Line) -> Cepstra:
        """Return the cepstra of what was not looked at yet, the line's means taken out."""
        led, position = np.append(self._pcm[:1], self._pcm), samples_of(len(self._cepstra))
        return cepstra(led[position:], line.gain, position) - line.means


def _around(found: Cepstra, first: int, end: int) -> Floats:
    """Return the features of some frames; beyond both ends the outermost goes on."""
    near = np.clip(np.arange(first - AHEAD, end + AHEAD), 0, len(found) - 1)
    return features(found[near])


def aligned(prepared: Prepared, pcm: Pcm) -> tuple[Floats, Numbers] | None:
    """Lay a whole utterance over the one string of the one network.

    Returns its features `[frames, 39]` and senones `[frames]`; None where it cannot be that string.
    """
    line = Line.of(pcm)
    found = cepstra(np.append(pcm[:1], pcm), line.gain, 0) - line.means
    if line.silent or not len(found):
        return None
    near = _around(found, 0, len(found))
    search = Search(prepared.network).after(prepared.senones.likelihoods(near)[:, prepared.columns])
    if not np.isfinite(search.best()[0]):
        return None
    return near, prepared.network.senones[search.paths()[0]]
