"""A network that knows phones teaches the next one.

It lays texts over the recordings as it hears them, over a telephone's band, and says which sounds
it hears where nobody wrote down English: in speech of other languages, from many rooms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from engine.audio.pcm import to_float, to_int
from engine.audio.resample import upsample
from engine.evaluation.recordings import Recording
from engine.evaluation.said import words
from engine.phrase.evidence import fit
from engine.phrase.lexicon import pronunciations
from engine.phrase.listening import Trace
from engine.phrase.network import Network, any_phones, strings
from engine.phrase.phones import HALVES, STEP, PhoneModel
from engine.phrase.search import Search
from engine.phrase.spectra import Line, powers
from engine.training.cache import Cache
from engine.training.phones.spoken import FRAME, Phones, Spoken, chosen, is_without_text
from engine.training.progress import refresh_s
from engine.types import Pcm

Shares = NDArray[np.float16]
"""How likely each state is, a frame every 20 ms: `[frames, STATES]`."""

_BADLY: Final = -1.4
_WORDS_BADLY: Final = -4.0
"""`Fit` below which a recording does not hold what its text says, or it cannot be heard."""
_SECONDS: Final = (1.0, 12.0)
"""Length of what is overheard."""

Task = TypeVar("Task")
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True, eq=False)
class Overheard:
    """Recordings of which nobody knows what is said in them, and what the teacher hears."""

    samples: list[Pcm] = field(default_factory=list)
    """int16 `[n]` each, at 8 kHz."""
    shares: list[Shares] = field(default_factory=list)


class Teacher:
    """Knows phones. May be sent to other processes."""

    def __init__(self, file: Path) -> None:
        """Read a network; `RecogniserError` for any other file."""
        self._model = PhoneModel.load(file)
        self._loop = any_phones(self._model)

    def laid(self, task: tuple[Pcm, tuple[str, ...]]) -> Phones | None:
        """Lay a text over a recording; None where it is not what was said."""
        samples, text = task
        heard = self._heard(samples)
        if heard is None:
            return None
        network = strings(self._model, [[[word] for word in text]], pronunciations(text, {}))
        trace, path = _best(network, heard)
        loop, _ = _best(self._loop, heard)
        found = fit(trace, loop)
        if found.ratio < _BADLY or found.weakest < _WORDS_BADLY:
            return None
        phones = np.repeat(network.sounds[path] // HALVES, STEP).astype(np.uint8)
        frames = len(samples) // FRAME
        return np.pad(phones, (0, max(0, frames - len(phones))), mode="edge")[:frames]

    def shares(self, samples: Pcm) -> Shares | None:
        """Say what is heard in a recording; None where it is silent."""
        heard = self._heard(samples)
        return None if heard is None else np.exp(heard + self._model.priors).astype(np.float16)

    def _heard(self, samples: Pcm) -> NDArray[np.float32] | None:
        """Return the log likelihoods of the states, `[frames, STATES]`."""
        power = powers(to_int(upsample(to_float(samples))))
        line = Line.of(power)
        if line.silent:
            return None
        _, heard = self._model.after(self._model.begin(), line.taken_out(power), last=True)
        return heard


def _best(network: Network, heard: NDArray[np.float32]) -> tuple[Trace, NDArray[np.int64]]:
    own = heard[:, network.sounds]
    search = Search(network).after(own)
    path = search.paths()[0]
    likelihoods = own[np.arange(len(own)), path]
    return Trace(search.best()[0], network.words[path], likelihoods), path


def laid_anew(cache: Cache, first: Spoken, teacher: Teacher, workers: int) -> Spoken:
    """Lay the texts over again; what has none stays as it was the first time."""
    numbers = [k for k in chosen(cache.recordings, more=True) if _text(cache, k)]
    tasks = [(cache.samples[k], _text(cache, k)) for k in numbers]
    kept = [k for k, corpus in enumerate(first.corpora) if is_without_text(corpus)]
    found = Spoken(
        [first.corpora[k] for k in kept],
        [first.samples[k] for k in kept],
        [first.phones[k] for k in kept],
    )
    for number, phones in zip(numbers, _each(teacher.laid, tasks, workers, "lay"), strict=True):
        if phones is not None:
            found.corpora.append(cache.recordings[number].corpus)
            found.samples.append(np.array(cache.samples[number]))
            found.phones.append(phones)
    return found


def _text(cache: Cache, number: int) -> tuple[str, ...]:
    return tuple(words(cache.recordings[number].text))


def overheard(cache: Cache, teacher: Teacher, workers: int) -> Overheard:
    """Let the teacher hear the speech of other languages."""
    pcms = [cache.samples[k] for k, each in enumerate(cache.recordings) if _foreign(each)]
    found = Overheard()
    for pcm, shares in zip(pcms, _each(teacher.shares, pcms, workers, "hear"), strict=True):
        if shares is not None:
            found.samples.append(np.array(pcm))
            found.shares.append(shares)
    return found


def _foreign(recording: Recording) -> bool:
    """Say whether it is sentences (those have texts) in another language than English."""
    shortest, longest = _SECONDS
    foreign = recording.split == "train" and not recording.language.startswith("en")
    return foreign and bool(recording.text) and shortest < recording.seconds < longest


def _each(
    work: Callable[[Task], Found], tasks: Sequence[Task], workers: int, name: str
) -> Iterator[Found]:
    bar = partial(tqdm, total=len(tasks), desc=name, unit="file", mininterval=refresh_s())
    if workers <= 1:
        yield from bar(map(work, tasks))
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from bar(pool.map(work, tasks, chunksize=8))
