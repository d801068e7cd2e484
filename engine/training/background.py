"""`python -m engine.training.background CARD`: what a voice model makes of people in general.

Every training speaker makes a few simulated telephone calls, each of other recordings where there
are enough; `engine.decision.background` says what is kept of them. On one core about ten minutes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from engine.audio.resample import upsample
from engine.decision.background import Background
from engine.errors import EngineError
from engine.training.bank import Bank
from engine.training.cache import Cache, open_cache
from engine.training.channel.draw import Draw
from engine.training.channel.telephone import Telephone
from engine.training.crops import People
from engine.training.progress import refresh_s
from engine.training.recipe import Chances, scaled
from engine.types import TELEPHONE_RATE_HZ, Pcm, Utterance
from engine.voice.embedder import Embedder

CALLS = 4
SECONDS = 3.0
CENTROIDS = 200
_TOGETHER = 64
"""Speakers whose calls are simulated at once; babble is each other's speech."""
_SEED = 5


def main(argv: list[str]) -> int:
    """Run the command line; exit status 0: done, 2: a mistake."""
    arguments = _parser().parse_args(argv)
    try:
        embedder, cache = Embedder.load(arguments.card), open_cache(arguments.cache)
        torch.set_num_threads(1)
        voices, speakers = embedded(embedder, cache, arguments.calls, arguments.chances)
        made = Background.of(voices, speakers, arguments.centroids)
        made.save(arguments.out)
    except EngineError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(
        f"{arguments.out}: {len(made.cohort)} centroids of {speakers.max() + 1} speakers\n"
    )
    return 0


def embedded(
    embedder: Embedder, cache: Cache, calls: int, chances: float
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Embed the calls of all training speakers: unit vectors `[n, dim]`, and whose they are.

    `chances` scales how likely each thing is to happen to a call. A speaker makes as many calls as
    there are recordings, `calls` at most.
    """
    train, noises = cache.split("train"), cache.split("noise")
    people = People.of(train.recordings, [len(pcm) for pcm in train.samples])
    draw = Draw(torch.device("cpu"), _SEED)
    changed = scaled(Chances(), chances)
    telephone = Telephone(changed, Bank.of(noises.samples, draw.device), draw)
    voices: list[NDArray[np.float32]] = []
    speakers: list[int] = []
    crops = list(_crops(people, calls))
    np.random.default_rng(_SEED).shuffle(crops)  # type: ignore[arg-type]  # a list of pairs
    with torch.inference_mode():
        for start in tqdm(range(0, len(crops), _TOGETHER), unit="batch", mininterval=refresh_s()):
            batch = crops[start : start + _TOGETHER]
            said = np.stack([_said(train.samples, recordings) for _, recordings in batch])
            heard = telephone(torch.from_numpy(said)).numpy()
            voices += [embedder.embed(Utterance(upsample(each))).vector for each in heard]
            speakers += [speaker for speaker, _ in batch]
    return np.stack(voices), np.array(speakers, dtype=np.int64)


def _crops(people: People, calls: int) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Yield a speaker and the recordings of one call; they are shared out among the calls."""
    for speaker, (first, count) in enumerate(zip(people.first, people.count, strict=True)):
        own = people.recordings[first : first + count]
        for call in range(min(calls, int(count))):
            yield speaker, own[call::calls]


def _said(samples: list[Pcm], recordings: NDArray[np.int64]) -> NDArray[np.float32]:
    """Join recordings to the length of a call, again from the first where they are too short."""
    size = round(SECONDS * TELEPHONE_RATE_HZ)
    joined = np.zeros(0, np.int16)
    while len(joined) < size:
        for recording in recordings:
            joined = np.concatenate([joined, samples[recording]])
            if len(joined) >= size:
                break
    return joined[:size].astype(np.float32) / np.float32(32_768)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m engine.training.background")
    add = parser.add_argument
    add("card", type=Path, help="the model card")
    add("--cache", type=Path, required=True, help="the corpus, decoded by the training")
    add("--out", type=Path, required=True, metavar="FILE", help="the background, .npz")
    add("--calls", type=int, default=CALLS, help=f"of each speaker at most ({CALLS})")
    add("--centroids", type=int, default=CENTROIDS, help=f"in the cohort ({CENTROIDS})")
    add("--chances", type=float, default=0.6, help="of the recipe's effects, a factor (0.6)")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
