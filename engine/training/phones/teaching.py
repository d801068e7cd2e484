"""A network that knows phones teaches the next one.

It lays texts over the recordings as it hears them, over a telephone's band, and says which sounds
it hears where nobody wrote down English: in speech of other languages, from many rooms.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.audio.pcm import to_float, to_int
from engine.audio.resample import upsample
from engine.evaluation.recordings import Recording
from engine.phrase.evidence import fit
from engine.phrase.lexicon import pronunciations
from engine.phrase.listening import traced
from engine.phrase.network import any_phones, strings
from engine.phrase.phones import HALVES, STEP, PhoneModel
from engine.phrase.spectra import Line, powers
from engine.training.cache import Cache
from engine.training.phones.spoken import (
    FRAME,
    Phones,
    Spoken,
    Text,
    aligned,
    chosen,
    is_without_text,
)
from engine.training.progress import each
from engine.types import Pcm

Shares = NDArray[np.float16]
"""How likely each state is, a frame every 20 ms: `[frames, STATES]`."""

_BADLY: Final = -1.4
_WORDS_BADLY: Final = -4.0
"""`Fit` below which a recording does not hold what its text says, or it cannot be heard."""
_SECONDS: Final = (1.0, 12.0)
"""Length of what is overheard."""


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

    def laid(self, task: tuple[Pcm, Text]) -> Phones | None:
        """Lay a text over a recording; None where it is not what was said."""
        samples, text = task
        heard = self._heard(samples)
        if heard is None:
            return None
        network = strings(self._model, [[[word] for word in text]], pronunciations(text, {}))
        (trace,), (loop,) = (traced(every, heard) for every in (network, self._loop))
        found = fit(trace, loop)
        if found.ratio < _BADLY or found.weakest < _WORDS_BADLY:
            return None
        phones = np.repeat(trace.sounds // HALVES, STEP).astype(np.uint8)
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


def laid_anew(cache: Cache, first: Spoken, teacher: Teacher, workers: int) -> Spoken:
    """Lay the texts over again; what has none stays as it was the first time."""
    kept = [k for k, corpus in enumerate(first.corpora) if is_without_text(corpus)]
    numbers = [k for k in chosen(cache.recordings, more=True) if cache.recordings[k].text]
    again = aligned(cache, numbers, teacher.laid, workers)
    return Spoken(
        [*(first.corpora[k] for k in kept), *again.corpora],
        [*(first.samples[k] for k in kept), *again.samples],
        [*(first.phones[k] for k in kept), *again.phones],
    )


def overheard(cache: Cache, teacher: Teacher, workers: int) -> Overheard:
    """Let the teacher hear the speech of other languages."""
    pairs = zip(cache.recordings, cache.samples, strict=True)
    pcms = [pcm for recording, pcm in pairs if _foreign(recording)]
    found = Overheard()
    for pcm, shares in zip(pcms, each(teacher.shares, pcms, workers, "hear"), strict=True):
        if shares is not None:
            found.samples.append(np.array(pcm))
            found.shares.append(shares)
    return found


def _foreign(recording: Recording) -> bool:
    """Say whether it is sentences (those have texts) in another language than English."""
    shortest, longest = _SECONDS
    foreign = recording.split == "train" and not recording.language.startswith("en")
    return foreign and bool(recording.text) and shortest < recording.seconds < longest
