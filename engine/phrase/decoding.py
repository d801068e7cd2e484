"""One utterance going through several decoders at once, as its audio comes."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from engine.phrase.decoders import Piece, Pool, cepstral_means, feed, finish, start
from engine.types import ENGINE_RATE_HZ, Pcm

SETTLED: Final = round(1.5 * ENGINE_RATE_HZ)
"""Decoding begins with so many samples: the line's mean cepstrum is taken from their loud parts."""

_LOUD_DB: Final = 30.0
"""What is so far below the loudest is no speech."""
_BLOCK: Final = ENGINE_RATE_HZ // 50


class Decoding:
    """Holds a decoder of each pool, until it is finished or forgotten."""

    def __init__(self, pools: Sequence[Pool], pcm: Pcm) -> None:
        """Begin with int16 `[n]` at 16 kHz, whose first `SETTLED` samples tell the line."""
        self._decoders = [(pool, pool.take()) for pool in pools]
        self._return = weakref.finalize(self, _abandon, self._decoders)
        self._return.atexit = False
        means = cepstral_means(self._decoders[0][1], loud_parts(pcm[:SETTLED]))
        for _, decoder in self._decoders:
            start(decoder, means)
        self.feed(pcm)

    def feed(self, pcm: Pcm) -> None:
        """Decode the next samples, int16 `[n]`."""
        for _, decoder in self._decoders:
            feed(decoder, pcm)

    def finish(self) -> list[list[Piece]]:
        """End the utterance and return the best path of each; the decoders go back."""
        self._return.detach()
        paths: list[list[Piece]] = []
        for pool, decoder in self._decoders:
            paths.append(finish(decoder))
            pool.give_back(decoder)
        return paths


def loud_parts(pcm: Pcm) -> Pcm:
    """Return the blocks of 20 ms within 30 dB of the loudest, in order."""
    blocks = pcm[: len(pcm) // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
    power = np.square(blocks.astype(np.float64)).mean(axis=1)
    loud = power > power.max(initial=0.0) * 10 ** (-_LOUD_DB / 10)
    kept: Pcm = blocks[loud].ravel()
    return kept


def _abandon(decoders: list[tuple[Pool, Any]]) -> None:
    for pool, decoder in decoders:
        finish(decoder)
        pool.give_back(decoder)
