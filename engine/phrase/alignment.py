"""Whether two recordings say the same words, in any language: their spectra laid over each other.

Mel cepstra (Davis & Mermelstein, 1980) of the telephone band, mean and variance of the utterance
taken out, are aligned by dynamic time warping (Sakoe & Chiba, 1978). The cost of the alignment is
set against that with the earlier recordings played backwards: the same sounds of the same voice
over the same line, in an order that nobody says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct, rfft
from scipy.spatial.distance import cdist

from engine.errors import AudioError
from engine.phrase.evidence import confidence_of
from engine.phrase.warping import warped
from engine.types import ENGINE_RATE_HZ, PhraseFinding, PhraseOutcome, Utterance

HOP_S: Final = 0.02
COEFFICIENTS: Final = 12
WIDTH: Final = 2 * COEFFICIENTS
"""Cepstra, and how they change."""
LONGEST_S: Final = 30.0

SAME: Final = 0.91
"""Cost against the reversed recordings' up to which the words are the same."""
OTHER: Final = 0.98
"""And from which they are others; between is UNSURE. Chosen between calls of the same person, on
half of the speakers of dev-telephone: 1 % of other phrases lay below 0.92, of the same above 0.98.
"""

_WINDOW: Final = 400
_HOP: Final = round(HOP_S * ENGINE_RATE_HZ)
_FFT: Final = 512
_BANDS: Final = 20
_BAND_HZ: Final = (200.0, 3500.0)
_STEP: Final = 1 / 32
"""One unit of int8, in standard deviations: +-4 can be said."""
_SPEECH_DB: Final = 35.0
_FEWEST: Final = 15
_CELLS: Final = 1_000_000
"""Distances with earlier recordings that are laid out together: 8 MB, and as much reversed. Several
of a phrase, one of half a minute."""
_SLACK: Final = 25
"""Frames (0.5 s) that either recording may begin later or end earlier."""

Vectors = NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class PhraseFrames:
    """What an utterance sounds like: int8 `[frames, 24]`, a frame every 20 ms.

    About 1.2 kB a second. The words can be compared by it, and speech made from it, roughly: keep
    it as sealed as the audio.
    """

    vectors: Vectors

    def to_bytes(self) -> bytes:
        """Return `24 n` bytes for `n` frames."""
        return self.vectors.tobytes()

    @classmethod
    def from_bytes(cls, octets: bytes) -> Self:
        """Read what `to_bytes` wrote; `AudioError` where the length does not fit."""
        if len(octets) % WIDTH:
            raise AudioError(f"phrase frames are of {WIDTH} bytes each: {len(octets)} do not fit")
        return cls(np.frombuffer(octets, np.int8).reshape(-1, WIDTH))


def frames(utterance: Utterance) -> PhraseFrames:
    """Return the frames of an utterance, silence at both ends left out; none without sound."""
    samples = utterance.samples[: round(LONGEST_S * ENGINE_RATE_HZ)]
    if not np.isfinite(samples).all():
        raise AudioError("samples must be finite, and these hold NaN or infinity")
    if len(samples) < _WINDOW:
        return PhraseFrames(np.zeros((0, WIDTH), np.int8))
    cut = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[::_HOP]
    energies = (np.abs(rfft(cut * _HAMMING, _FFT)) ** 2) @ _MEL.T
    sounding = _sounding(energies.sum(axis=1))
    if sounding.stop == sounding.start:
        return PhraseFrames(np.zeros((0, WIDTH), np.int8))
    return PhraseFrames(_quantised(_cepstra(energies)[sounding]))


def alike(said: PhraseFrames, earlier: Sequence[PhraseFrames]) -> PhraseFinding:
    """Say whether the utterance has the words of the person's earlier recordings.

    UNCHECKED without any; UNSURE where there is too little sound to compare. `heard` is None.
    """
    if not _usable(earlier):
        return PhraseFinding(PhraseOutcome.UNCHECKED, None, 0.0)
    unlike = compared(said, earlier)
    if unlike is None:
        return PhraseFinding(PhraseOutcome.UNSURE, None, 0.0)
    return _found(unlike)


def compared(said: PhraseFrames, earlier: Sequence[PhraseFrames]) -> float | None:
    """Return the `unlikeness` to the earlier recordings; None where there is too little sound."""
    usable = _usable(earlier)
    if not usable or len(said.vectors) < _FEWEST:
        return None
    return unlikeness(said, usable)


def unlikeness(said: PhraseFrames, earlier: Sequence[PhraseFrames]) -> float:
    """Return the cost of the alignment over that with the recordings reversed: 0 the same, 1 not.

    The median over the earlier recordings, which must not be empty.
    """
    longest = max(len(each.vectors) for each in earlier)
    at_once = max(1, _CELLS // (len(said.vectors) * longest))
    groups = [earlier[k : k + at_once] for k in range(0, len(earlier), at_once)]
    return float(np.median([ratio for group in groups for ratio in _ratios(said, group)]))


def _usable(earlier: Sequence[PhraseFrames]) -> list[PhraseFrames]:
    return [each for each in earlier if len(each.vectors) >= _FEWEST]


def _ratios(said: PhraseFrames, earlier: Sequence[PhraseFrames]) -> list[float]:
    found = costs(said, [*earlier, *map(reversed_, earlier)])
    forwards, backwards = found[: len(earlier)], found[len(earlier) :]
    return [one / max(1e-6, other) for one, other in zip(forwards, backwards, strict=True)]


def costs(said: PhraseFrames, others: Sequence[PhraseFrames]) -> list[float]:
    """Return the mean distance along the best alignment, in standard deviations per dimension."""
    own = said.vectors.astype(np.float32)
    distances = [cdist(own, each.vectors.astype(np.float32)) * _STEP for each in others]
    return [each / float(np.sqrt(WIDTH)) for each in warped(distances, _SLACK)]


def reversed_(each: PhraseFrames) -> PhraseFrames:
    """Return the recording as if played backwards: changes turn their sign."""
    backwards = each.vectors[::-1].copy()
    backwards[:, COEFFICIENTS:] = -np.maximum(backwards[:, COEFFICIENTS:], -127)
    return PhraseFrames(backwards)


def _found(unlike: float) -> PhraseFinding:
    middle, width = (SAME + OTHER) / 2, (OTHER - SAME) / 2
    same = confidence_of(2.0 * (middle - unlike) / width)
    if unlike <= SAME:
        return PhraseFinding(PhraseOutcome.RIGHT, None, same)
    outcome = PhraseOutcome.WRONG if unlike >= OTHER else PhraseOutcome.UNSURE
    return PhraseFinding(outcome, None, max(same, 1.0 - same))


def _sounding(power: NDArray[np.float64]) -> slice:
    """Return from the first to the last frame that is near the loudest."""
    loud = np.flatnonzero(power > max(power.max() * 10 ** (-_SPEECH_DB / 10), 1e-9))
    return slice(loud[0], loud[-1] + 1) if len(loud) else slice(0, 0)


def _cepstra(energies: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return cepstra 1 to 12 and their slopes, `[frames, 24]`, of band energies `[frames, 20]`."""
    cepstra = dct(np.log(energies + 1e-7), norm="ortho")[:, 1 : COEFFICIENTS + 1]
    padded = np.pad(cepstra, ((2, 2), (0, 0)), "edge")
    slopes = 2 * (padded[4:] - padded[:-4]) + padded[3:-1] - padded[1:-3]
    return np.hstack([cepstra, slopes / 10])


def _quantised(vectors: NDArray[np.float64]) -> Vectors:
    """Take out mean and variance, and round to int8."""
    centred = vectors - vectors.mean(axis=0)
    scaled = centred / np.maximum(centred.std(axis=0), 1e-3) / _STEP
    rounded: Vectors = np.clip(np.rint(scaled), -127, 127).astype(np.int8)
    return rounded


def _triangles() -> NDArray[np.float64]:
    """Mel filters `[20, 257]`, corners evenly spaced in mel (HTK's formula)."""
    low, high = (1127 * np.log1p(hz / 700) for hz in _BAND_HZ)
    corners = 700 * np.expm1(np.linspace(low, high, _BANDS + 2) / 1127)
    hertz = np.fft.rfftfreq(_FFT, 1 / ENGINE_RATE_HZ)
    left, middle, right = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    rising, falling = (hertz - left) / (middle - left), (right - hertz) / (right - middle)
    filters: NDArray[np.float64] = np.maximum(0.0, np.minimum(rising, falling))
    return filters


_MEL: Final = _triangles()
_HAMMING: Final = np.hamming(_WINDOW)
