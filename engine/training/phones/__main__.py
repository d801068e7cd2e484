"""`python -m engine.training.phones`: from a corpus to `engine/phrase/phones.npz`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engine.errors import EngineError
from engine.phrase.phones import FILE
from engine.training.bank import Bank
from engine.training.cache import Cache, decode, open_cache
from engine.training.checkpoint import load_weights
from engine.training.phones.learning import Course, Learner
from engine.training.phones.lessons import Lessons, lengths, priors
from engine.training.phones.network import PhoneNet, folded, midway
from engine.training.phones.spoken import Spoken, spoken
from engine.training.phones.teaching import Overheard, Teacher, laid_anew, overheard
from engine.training.run import NOISE


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m engine.training.phones", description=__doc__)
    add = parser.add_argument
    add("--corpus", type=Path, required=True, help="folder with manifest.tsv and tar shards")
    add("--work", type=Path, required=True, help="folder for the decoded corpus and its phones")
    add("--out", type=Path, default=FILE, help="the file to write (the one that ships)")
    add("--minutes", type=float, default=60.0, help="how long to learn (60)")
    add("--chances", type=float, default=0.45, help="how much the telephone does (0.45)")
    add("--again", type=int, default=2, help="how often to learn from a batch (2)")
    add("--start-from", type=Path, metavar="WEIGHTS", help="begin with an earlier weights.pt")
    add("--halfway", action="store_true", help="write the means of those weights and the new ones")
    add("--taught-by", type=Path, metavar="PHONES", help="learn also from what this network hears")
    add("--device", default="cuda" if torch.cuda.is_available() else "cpu", help="cpu or cuda")
    add("--workers", type=int, default=os.cpu_count() or 1, help="processes that decode and align")
    chosen = parser.parse_args(arguments)
    if chosen.halfway and not chosen.start_from:
        parser.error("--halfway needs --start-from")
    try:
        _make(chosen)
    except EngineError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _make(chosen: argparse.Namespace) -> None:
    decode(chosen.corpus, chosen.work / "cache", chosen.workers)
    cache = open_cache(chosen.work / "cache")
    labels = chosen.work / "spoken.npz"
    if not labels.exists():
        spoken(cache, chosen.workers).save(labels)
    lessons = _lessons(cache, Spoken.load(labels), chosen)
    noises = Bank.of(cache.split(NOISE).samples, torch.device(chosen.device))
    course = Course(chosen.minutes, chosen.chances, chosen.again)
    learner = Learner(lessons, noises, course, chosen.work)
    earlier = PhoneNet()
    if chosen.start_from:
        load_weights(earlier, chosen.start_from, torch.device("cpu"))
        learner.start_from(chosen.start_from)
    network = learner.learn().cpu()
    if chosen.halfway:
        network = midway(network, earlier)
    write(chosen.out, network, priors(lessons), lengths(lessons))


def _lessons(cache: Cache, first: Spoken, chosen: argparse.Namespace) -> Lessons:
    if chosen.taught_by is None:
        return Lessons.of(first, Overheard())
    teacher = Teacher(chosen.taught_by)
    again = laid_anew(cache, first, teacher, chosen.workers)
    return Lessons.of(again, overheard(cache, teacher, chosen.workers))


def write(
    path: Path, network: PhoneNet, shares: NDArray[np.float64], lasting: NDArray[np.float64]
) -> None:
    """Write the weights at half precision, how often each state is met and how long it lasts."""
    arrays: dict[str, Any] = {
        n: w.detach().cpu().half().numpy() for n, w in folded(network).items()
    }
    arrays |= {"priors": shares.astype(np.float32), "lengths": lasting.astype(np.float32)}
    np.savez(path, **arrays)


if __name__ == "__main__":
    sys.exit(main())
