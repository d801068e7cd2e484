"""One utterance laid over several networks at once, as its audio comes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Final, Self

import numpy as np

from engine.audio.pcm import to_int
from engine.phrase.network import Network
from engine.phrase.phones import STATES, Hearing, PhoneModel, phone_model
from engine.phrase.search import Search
from engine.phrase.side_by_side import beside
from engine.phrase.spectra import (
    BANDS,
    Floats,
    Line,
    Numbers,
    frames_in,
    powers,
    samples_of,
    samples_until,
)
from engine.types import Samples

_AT_ONCE: Final = 40
"""Frames that are looked at together: always so many, so that pieces make no difference."""
SETTLED: Final = 4 * _AT_ONCE
"""Something is known of the line from so many frames on, 1.6 s: then speech is followed while it
comes, each piece over the line as it is known by then. Where they are silent, it is known at the
end."""
_NOTHING: Final = np.zeros(0, np.int16)


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Networks beside each other."""

    network: Network
    strings: tuple[int, ...]
    """How many each of the networks has."""

    @classmethod
    def of(cls, *networks: Network) -> Self:
        """Prepare to search these."""
        return cls(beside(networks), tuple(len(each.ends) for each in networks))


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """The best path through a string."""

    score: float
    """Its log probability; -inf where the audio is too short for it, or silent."""
    sounds: Numbers
    """What is heard in each frame of 20 ms, as `Network.sounds`: `[frames]`."""
    words: Numbers
    """What each of them is a part of, as `Network.words`: `[frames]`."""
    likelihoods: Floats
    """Log likelihood of each frame, `[frames]`."""


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """What became of the frames so far."""

    prepared: Prepared
    hearing: Hearing
    search: Search
    likelihoods: tuple[Floats, ...] = ()

    def after(self, model: PhoneModel, spectra: Floats, last: bool = False) -> Followed:
        """Go on with spectra `[frames, 24]`."""
        hearing, new = model.after(self.hearing, spectra, last)
        search = self.search.after(new[:, self.prepared.network.sounds])
        return Followed(self.prepared, hearing, search, (*self.likelihoods, new))

    def traces(self) -> list[list[Trace]]:
        """Return the best path through each string of each network."""
        own = self._whole()[:, self.prepared.network.sounds]
        every = iter(_of(self.search, own))
        return [list(islice(every, count)) for count in self.prepared.strings]

    def traces_of(self, network: Network) -> list[Trace]:
        """Return the best path through each string of another network."""
        return traced(network, self._whole())

    def _whole(self) -> Floats:
        """Return the log likelihoods `[frames, states]`."""
        return np.concatenate([*self.likelihoods, np.zeros((0, STATES), np.float32)])


def traced(network: Network, heard: Floats) -> list[Trace]:
    """Return the best path through each string of a network.

    `heard` are the log likelihoods of all sounds, `[frames, STATES]`.
    """
    own = heard[:, network.sounds]
    return _of(Search(network).after(own), own)


def _of(search: Search, likelihoods: Floats) -> list[Trace]:
    """Return the best path through each string; likelihoods are `[frames, states]`."""
    frames, network = np.arange(len(likelihoods)), search.network
    return [
        Trace(score, network.sounds[path], network.words[path], likelihoods[frames, path])
        for score, path in zip(search.best(), search.paths(), strict=True)
    ]


class Listening:
    """Follows what one caller says, for at most so many samples. One thread at a time."""

    def __init__(self, prepared: Prepared, longest: int) -> None:
        """Begin a recording of at most `longest` samples; what comes after them is left out."""
        self._left, self._model = longest, phone_model()
        self._unframed = _NOTHING
        """From the first sample on of which no frame has been made."""
        self._settled = False
        """Whether speech is followed while it comes; see `SETTLED`."""
        self._powers = np.zeros((0, BANDS), np.float32)
        """Of every frame made, `[frames, BANDS]`."""
        self._done = 0
        """How many of them have been followed."""
        self._start = Followed(prepared, self._model.begin(), Search(prepared.network))
        self._followed = self._start

    def push(self, samples: Samples) -> None:
        """Take the next samples, float32 `[n]` at 16 kHz of any length, and follow them.

        `AudioError` for anything but a vector of finite floats.
        """
        pcm = to_int(samples)[: self._left]
        self._left -= len(pcm)
        self._unframed = np.concatenate([self._unframed, pcm])
        while frames_in(len(self._unframed)) >= _AT_ONCE:
            new = powers(self._unframed[: samples_until(_AT_ONCE)])
            self._powers = np.concatenate([self._powers, new])
            self._unframed = self._unframed[samples_of(_AT_ONCE) :]
        if not self._settled and len(self._powers) >= SETTLED:
            self._settled = not Line.of(self._powers[:SETTLED]).silent
        while self._settled and self._done < len(self._powers):
            spectra = _line_at(self._done, self._powers).taken_out(_piece(self._done, self._powers))
            self._followed = self._followed.after(self._model, spectra)
            self._done += _AT_ONCE

    def traces(self) -> list[list[Trace]]:
        """Return the best path through each string of each network, if this was all."""
        return self.whole().traces()

    def whole(self) -> Followed:
        """Return what becomes of all the frames, if these were all."""
        every = np.concatenate([self._powers, powers(self._unframed)])
        known = Line.of(every)
        if known.silent:
            return self._start
        rest = self._followed
        for first in range(self._done, len(every) + 1, _AT_ONCE):
            line = _line_at(first, every) if self._settled else known
            spectra = line.taken_out(_piece(first, every))
            rest = rest.after(self._model, spectra, last=len(spectra) < _AT_ONCE)
        return rest


def _piece(first: int, powers: Floats) -> Floats:
    """Return the frames that are looked at together, the first of which is this."""
    return powers[first : first + _AT_ONCE]


def _line_at(first: int, powers: Floats) -> Line:
    """Return the line as it is known when such a piece was heard."""
    return Line.of(powers[: max(SETTLED, first + _AT_ONCE)])
