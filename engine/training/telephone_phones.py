"""Turns PocketSphinx's acoustic model to the telephone band.

`python -m engine.training.telephone_phones --corpus CORPUS`: maximum likelihood linear regression
(Leggetter & Woodland, 1995). English of the train split is aligned with its texts, and one linear
map of the means per stream, with a factor for each variance, makes what was heard there most
likely; twice, the second time aligned by the first's. `engine/phrase/telephone.json` is what came
of it; it takes two minutes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from engine.audio.pcm import to_int
from engine.evaluation.audio_files import AudioFiles, Shards
from engine.evaluation.recordings import Recording, read_manifest
from engine.evaluation.said import halves, sentences, words
from engine.phrase.acoustics import (
    STREAMS,
    TELEPHONE,
    AcousticModel,
    Telephone,
    original,
    turned,
)
from engine.phrase.cepstra import WIDTH
from engine.phrase.lexicon import known_words, pronunciations
from engine.phrase.listening import Prepared, aligned
from engine.phrase.network import strings
from engine.phrase.sphinx_files import Floats, Numbers

_SEED: Final = 1998
_LONGEST_S: Final = 12.0
_MOST: Final = 400
"""Of one corpus: otherwise children learning English would be most of what is heard."""
_MEASURED: Final = "cv-en-korliu"
"""Half of its speakers are reported on by `countersign evaluate --phrases`, and left out here."""
_WIDTH: Final = WIDTH // STREAMS
_LEAST: Final = 1e-30


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What each Gaussian heard, in float64: `[streams, codebooks, densities, ..]`."""

    frames: NDArray[np.float64]
    sums: NDArray[np.float64]
    squares: NDArray[np.float64]

    @classmethod
    def nothing(cls, shape: Sequence[int]) -> Heard:
        """Begin, for means `[codebooks, streams, densities, width]`."""
        codebooks, streams, densities, width = shape
        wide = (streams, codebooks, densities, width)
        return cls(np.zeros(wide[:3]), np.zeros(wide), np.zeros(wide))

    def add(self, model: AcousticModel, found: Floats, senones: Numbers) -> None:
        """Add the features `[frames, 39]` of an utterance, aligned to senones `[frames]`."""
        books = model.codebook[senones]
        for stream, each in enumerate(np.split(found, STREAMS, axis=1)):
            for book in np.unique(books):
                here = books == book
                self._add(model, (stream, int(book)), each[here], senones[here])

    def _add(
        self, model: AcousticModel, at: tuple[int, int], found: Floats, senones: Numbers
    ) -> None:
        logs = np.hstack([found, found * found]) @ model.slopes[at] + model.offsets[at]
        shares = np.exp(logs - logs.max(axis=1, keepdims=True))
        shares *= model.weights[at[0]][:, senones].T
        shares /= np.maximum(shares.sum(axis=1, keepdims=True), _LEAST)
        self.frames[at] += shares.sum(axis=0)
        self.sums[at] += shares.T @ found
        self.squares[at] += shares.T @ (found * found)


def fitted(heard: Heard, means: Floats, variances: Floats) -> Telephone:
    """Return the map of the original means, and the factors, that make most likely what was heard.

    Means and variances are `[codebooks, streams, densities, width]`.
    """
    maps, factors = [], []
    for stream in range(STREAMS):
        own, spread = (each[:, stream].reshape(-1, _WIDTH) for each in (means, variances))
        frames = heard.frames[stream].ravel()
        sums, squares = (each[stream].reshape(-1, _WIDTH) for each in (heard.sums, heard.squares))
        with_one = np.hstack([np.ones((len(own), 1)), own])
        turn = _map(with_one, spread, frames, sums)
        moved = with_one @ turn.T
        around = squares - 2 * moved * sums + frames[:, None] * moved**2
        maps.append(np.round(turn, 5).tolist())
        factors.append(np.round((around / spread).sum(axis=0) / frames.sum(), 5).tolist())
    return Telephone(maps, factors)


def _map(
    with_one: NDArray[np.float64],
    spread: Floats,
    frames: NDArray[np.float64],
    sums: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Solve the weighted least squares of each dimension: `[width, 1 + width]`."""
    rows = []
    for each in range(_WIDTH):
        weight = (frames / spread[:, each])[:, None]
        target = (with_one * (sums[:, each] / spread[:, each])[:, None]).sum(axis=0)
        rows.append(np.linalg.solve((with_one * weight).T @ with_one, target))
    return np.array(rows)


def heard_in(model: AcousticModel, chosen: Sequence[Recording], files: AudioFiles) -> Heard:
    """Align recordings with their texts, and gather what each Gaussian heard."""
    shape = (len(model.definition.phones), STREAMS, model.weights.shape[1], _WIDTH)
    heard = Heard.nothing(shape)
    for each in chosen:
        text = words(each.text)
        network = strings(model, [[[word] for word in text]], pronunciations(text, {}))
        pcm = to_int(files.samples(each.member))
        if (found := aligned(Prepared.of(model, network), pcm)) is not None:
            heard.add(model, *found)
    return heard


def chosen(recordings: Sequence[Recording]) -> list[Recording]:
    """Return what to learn from: English of the train split, in words that the dictionary has."""
    known, random = known_words(), Random(_SEED)
    measured = sentences([r for r in recordings if r.corpus == _MEASURED], known)
    apart = halves(each.speaker for each in measured)[1]
    fit = [r for r in recordings if r.speaker not in apart and _fits(r, known)]
    random.shuffle(fit)
    return list(_at_most(fit))


def _fits(recording: Recording, known: frozenset[str]) -> bool:
    text = words(recording.text)
    english = recording.split == "train" and recording.language.startswith("en")
    return english and len(text) > 1 and set(text) <= known and recording.seconds < _LONGEST_S


def _at_most(recordings: Sequence[Recording]) -> Iterator[Recording]:
    taken: dict[str, int] = {}
    for each in recordings:
        taken[each.corpus] = taken.get(each.corpus, 0) + 1
        if taken[each.corpus] <= _MOST:
            yield each


def main(arguments: list[str] | None = None) -> int:
    """Write the turn to a file; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=TELEPHONE)
    options = parser.parse_args(arguments)
    recordings = read_manifest(options.corpus)
    means, variances = original()
    learnt = chosen(recordings)
    with closing(Shards(options.corpus, recordings)) as files:
        first = fitted(
            heard_in(AcousticModel.made(means, variances), learnt, files), means, variances
        )
        model = AcousticModel.made(*turned(means, variances, first))
        telephone = fitted(heard_in(model, learnt, files), means, variances)
    options.out.write_bytes(msgspec.json.encode(telephone) + b"\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
