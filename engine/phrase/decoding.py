"""One utterance going through several decoders at once, as its audio comes."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.phrase.decoders import Piece, Pool, cepstral_means, feed, finish, start
from engine.types import ENGINE_RATE_HZ, Pcm

SETTLED: Final = round(1.5 * ENGINE_RATE_HZ)
"""Decoding begins with so many samples: the line's mean cepstrum is taken from their loud parts."""

_BESIDE_DB: Final = 35.0
"""Noise is added so far below the speech: the model was made from 16 kHz recordings, and above
4 kHz a telephone has nothing at all. It named 85 % instead of 78 % of read sentences right."""
_LOUDNESS: Final = 0.1 * 32_768
"""RMS of the loud parts in what is decoded."""
_NOISE_SAMPLES: Final = ENGINE_RATE_HZ
_STEP: Final = 320
"""PocketSphinx's figures depend on how many samples it is given at once: always these, then."""
_QUIETEST: Final = 30.0
"""RMS below which nothing is made louder: -61 dBFS."""
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
        self._taken, self._pending = 0, np.zeros(0, np.int16)
        loud = loud_parts(pcm[:SETTLED])
        self._loudest = 0.0
        self._gain = _LOUDNESS / max(_QUIETEST, loudness(loud))
        means = cepstral_means(self._decoders[0][1], self._beside_noise(loud, 0))
        for _, decoder in self._decoders:
            start(decoder, means)
        self.feed(pcm)

    @property
    def silent(self) -> bool:
        """Whether nothing was loud enough to be speech so far: then the paths are empty."""
        return self._loudest < _QUIETEST

    def feed(self, pcm: Pcm) -> None:
        """Decode the next samples, int16 `[n]`."""
        pending = np.concatenate([self._pending, pcm])
        whole = len(pending) // _STEP * _STEP
        for start_at in range(0, whole, _STEP):
            self._decode(pending[start_at : start_at + _STEP])
        self._pending = pending[whole:]

    def finish(self) -> list[list[Piece]]:
        """End the utterance and return the best path of each; the decoders go back."""
        self._decode(self._pending)
        self._return.detach()
        if self.silent:
            return self._nothing()
        paths: list[list[Piece]] = []
        for pool, decoder in self._decoders:
            paths.append(finish(decoder))
            pool.give_back(decoder)
        return paths

    def _nothing(self) -> list[list[Piece]]:
        _abandon(self._decoders)
        return [[] for _ in self._decoders]

    def _decode(self, pcm: Pcm) -> None:
        heard = self._beside_noise(pcm, self._taken)
        self._loudest = max(self._loudest, loudness(pcm))
        self._taken += len(pcm)
        for _, decoder in self._decoders:
            feed(decoder, heard)

    def _beside_noise(self, pcm: Pcm, position: int) -> Pcm:
        """Bring the speech to one level, and add the noise that belongs to that position."""
        noise = _NOISE[(position + np.arange(len(pcm))) % _NOISE_SAMPLES]
        mixed = np.rint(pcm * self._gain + noise)
        return np.clip(mixed, -32_768, 32_767).astype(np.int16)


def loudness(pcm: Pcm) -> float:
    """Return the RMS of int16 `[n]`; 0 for none."""
    return float(np.sqrt(np.mean(np.square(pcm, dtype=np.float64)))) if len(pcm) else 0.0


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


def _noise() -> NDArray[np.float64]:
    noise = np.random.default_rng(711).standard_normal(_NOISE_SAMPLES)
    return noise * _LOUDNESS * 10 ** (-_BESIDE_DB / 20)


_NOISE: Final = _noise()
