"""Which phone is spoken when: a network of our own, on the telephone.

A time delay network with narrow passages (Waibel et al., 1989; Povey et al., 2018) that looks
270 ms to either side, made by `python -m engine.training.phones` from openly licensed English at
8 kHz. It runs as the audio comes: each layer keeps what later frames still need of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, Self
from zipfile import BadZipFile

import numpy as np

from engine.errors import RecogniserError
from engine.phrase.lexicon import PHONES as SOUNDS
from engine.phrase.spectra import BANDS, Floats

SILENCE: Final = "SIL"
PHONES: Final = (*sorted(SOUNDS), SILENCE)
HALVES: Final = 2
"""States of a phone: its first half and its second."""
STATES: Final = HALVES * len(PHONES)
STEP: Final = 2
"""Frames of the spectra to one of the network: 20 ms."""
REACHES: Final = (1, 1, 2, 2, 3, 3, 1)
"""How far to either side each layer looks, in frames of the network."""
FILE: Final = Path(__file__).with_name("phones.npz")

_ENTRY: Final = 2
"""How far to either side the network looks at spectra."""
_PRIOR: Final = 0.6
"""How much of a state's frequency in what was learnt from is taken out again."""
_SHORTEST: Final = 1.15
"""Frames: what is shorter on average could not stay at all."""


@dataclass(frozen=True, slots=True, eq=False)
class _Layer:
    narrow: Floats
    """`[width, narrow]`"""
    wide: Floats
    """`[3 narrow, width]`"""
    offset: Floats
    reach: int


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """What a layer needs for later frames."""

    narrowed: Floats
    """`[up to 2 reach, narrow]`"""
    hidden: Floats
    """What came in, `[reach, width]` frames that are not finished."""


@dataclass(frozen=True, slots=True, eq=False)
class Hearing:
    """How far the network has come with one utterance."""

    spectra: Floats
    """`[up to 4, 24]`"""
    kept: tuple[_Kept, ...]


@dataclass(frozen=True, slots=True, eq=False)
class PhoneModel:
    """The network, and how phones follow in time. Any number of threads may use one."""

    entry: Floats
    """`[5 x 24, width]`"""
    entry_offset: Floats
    layers: tuple[_Layer, ...]
    exit: Floats
    """`[width, states]`"""
    exit_offset: Floats
    priors: Floats
    """Log frequencies `[states]`, as far as they are taken out."""
    onward: Floats
    """Log probabilities `[states, 2]` of staying in a state, and of going on."""

    @classmethod
    def load(cls, path: Path = FILE) -> Self:
        """Read a file that `engine.training.phones` wrote; `RecogniserError` for any other."""
        try:
            with np.load(path) as file:
                return cls._of({name: file[name].astype(np.float32) for name in file.files})
        except (OSError, EOFError, ValueError, KeyError, BadZipFile) as error:
            raise RecogniserError(
                f"{path} is no network for phones ({error}): install countersign anew"
            ) from error

    @classmethod
    def _of(cls, weights: dict[str, Floats]) -> Self:
        entry, wide = weights["entry"], weights["wide"]
        staying = 1.0 - 1.0 / np.maximum(weights["lengths"], _SHORTEST)
        layers = zip(weights["narrow"], wide, weights["wide_offset"], REACHES, strict=True)
        return cls(
            entry=np.ascontiguousarray(_flat(entry)),
            entry_offset=weights["entry_offset"],
            layers=tuple(
                _Layer(np.ascontiguousarray(narrow.T), _flat(wide), offset, reach)
                for narrow, wide, offset, reach in layers
            ),
            exit=np.ascontiguousarray(weights["exit"].T),
            exit_offset=weights["exit_offset"],
            priors=np.float32(_PRIOR) * np.log(weights["priors"]),
            onward=np.log(np.stack([staying, 1.0 - staying], axis=1)),
        )

    def begin(self) -> Hearing:
        """Begin with an utterance; before it there is nothing."""
        narrow, width = self.layers[0].narrow.shape[1], len(self.exit)
        nothing = np.zeros((0, width), np.float32)
        return Hearing(
            np.zeros((_ENTRY, BANDS), np.float32),
            tuple(
                _Kept(np.zeros((each.reach, narrow), np.float32), nothing) for each in self.layers
            ),
        )

    def after(
        self, hearing: Hearing, spectra: Floats, last: bool = False
    ) -> tuple[Hearing, Floats]:
        """Go on with spectra `[frames, 24]`, as many as one likes.

        Returns log likelihoods of the states, `[frames of 20 ms, states]`, in nats, of those frames
        that are known now: 280 ms behind, or all of them after the `last`.
        """
        ending = [np.zeros((_ENTRY, BANDS), np.float32)] if last else []
        whole = np.concatenate([hearing.spectra, spectra, *ending])
        taps = 2 * _ENTRY + 1
        count = max(0, (len(whole) - taps) // STEP + 1)
        first = STEP * np.arange(count)
        windows = whole[first[:, None] + np.arange(taps)].reshape(count, taps * BANDS)
        hidden = np.maximum(windows @ self.entry + self.entry_offset, 0.0)
        kept = []
        for layer, before in zip(self.layers, hearing.kept, strict=True):
            now, hidden = _through(layer, before, hidden, last)
            kept.append(now)
        logits = hidden @ self.exit + self.exit_offset
        return Hearing(whole[STEP * count :], tuple(kept)), _log_shares(logits) - self.priors


def _through(layer: _Layer, kept: _Kept, hidden: Floats, last: bool) -> tuple[_Kept, Floats]:
    """Let frames `[frames, width]` through a layer; return what comes out, a little later."""
    reach = layer.reach
    ending = [np.zeros((reach, layer.narrow.shape[1]), np.float32)] if last else []
    narrowed = np.concatenate([kept.narrowed, hidden @ layer.narrow, *ending])
    around = np.concatenate([kept.hidden, hidden])
    count = max(0, len(narrowed) - 2 * reach)
    taps = [narrowed[k * reach : k * reach + count] for k in range(3)]
    out = np.hstack(taps) @ layer.wide
    out += layer.offset
    np.maximum(out, 0.0, out=out)
    out += around[:count]
    return _Kept(narrowed[count:], around[count:]), out


def _log_shares(logits: Floats) -> Floats:
    """Return the logarithm of the softmax of each row."""
    below = logits - logits.max(axis=1, keepdims=True)
    shares: Floats = below - np.log(np.exp(below).sum(axis=1, keepdims=True))
    return shares


def _flat(taps: Floats) -> Floats:
    """Turn a convolution `[out, in, taps]` into a matrix `[taps x in, out]`."""
    return np.ascontiguousarray(taps.transpose(2, 1, 0).reshape(-1, len(taps)))


@cache
def phone_model() -> PhoneModel:
    """Return the model that comes along, read once."""
    return PhoneModel.load()
