"""Which phone is said when: recordings and their texts, aligned by PocketSphinx at first."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import pocketsphinx
from numpy.typing import NDArray

from engine.audio.pcm import to_float, to_int
from engine.audio.resample import upsample
from engine.evaluation.recordings import Recording
from engine.evaluation.said import digit_strings, halves, sentences, words
from engine.phrase.lexicon import known_words
from engine.phrase.phones import PHONES, SILENCE
from engine.training.cache import Cache
from engine.training.progress import each
from engine.types import Pcm

FRAME: Final = 80
"""Samples at 8 kHz, 10 ms, from one label to the next."""

_LONGEST_S: Final = 15.0
_MEASURED: Final = "cv-en-korliu"
_NUMBERS: Final = "an4"
"""Of the speakers of both `countersign evaluate --phrases` reports on half. Of the first, evidence
is weighed on a quarter, and of the second thresholds are chosen on the others: these are learnt
from when that is done (`more`)."""
_READ: Final = "librispeech"
"""Read in English, without texts in the manifest: PocketSphinx writes down what it hears."""
_LOUDNESS: Final = 0.1 * 32_768
_BESIDE_DB: Final = 35.0
"""How far below the speech noise is added: the aligner's model was made from 16 kHz recordings."""
_NARROW: Final = {"beam": 1e-44, "pbeam": 1e-44, "wbeam": 1e-24, "maxhmmpf": 6000}
"""Of the search for words that nobody wrote down: faster, and a little less right."""

Phones = NDArray[np.uint8]
Text = tuple[str, ...]
Align = Callable[[tuple[Pcm, Text]], Phones | None]
"""From a recording and its words to the phones that are said when; None where it has others."""


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """Some recordings and what is said in them."""

    corpora: list[str]
    samples: list[Pcm]
    """int16 `[n]` each, at 8 kHz."""
    phones: list[Phones]
    """Numbers in `PHONES`, a frame every 10 ms: `[frames]` each."""

    def save(self, path: Path) -> None:
        """Write it to one file, beside its place and then moved there."""
        part = path.with_suffix(".part.npz")
        np.savez(
            part,
            corpora=np.array(self.corpora),
            samples=np.concatenate(self.samples),
            phones=np.concatenate(self.phones),
            ends=np.cumsum([[len(pcm), len(said)] for pcm, said in self._pairs()], axis=0),
        )
        os.replace(part, path)

    def _pairs(self) -> Iterable[tuple[Pcm, Phones]]:
        return zip(self.samples, self.phones, strict=True)

    @classmethod
    def load(cls, path: Path) -> Spoken:
        """Read what `save` wrote."""
        with np.load(path) as file:
            ends = file["ends"][:-1]
            return cls(
                file["corpora"].tolist(),
                np.split(file["samples"], ends[:, 0]),
                np.split(file["phones"], ends[:, 1]),
            )


def chosen(recordings: Sequence[Recording], *, more: bool = False) -> list[int]:
    """Return what to learn from: English of the train split, in words that are known.

    `more`: and of those on whom evidence was weighed and thresholds were chosen; of nobody who is
    reported on.
    """
    known = known_words()
    measured = sentences([r for r in recordings if r.corpus == _MEASURED], known)
    numbers = digit_strings([r for r in recordings if r.corpus == _NUMBERS])
    weighed_on, reported = halves(each.speaker for each in measured)
    apart = reported | halves(each.speaker for each, _ in numbers)[1]
    if not more:
        apart |= halves(weighed_on)[1]
    return [
        number
        for number, each in enumerate(recordings)
        if (each.split == "train" or (more and each.corpus == _NUMBERS))
        and each.speaker not in apart
        and _fits(each, known)
    ]


def is_without_text(corpus: str) -> bool:
    """Say whether a corpus of English has no texts."""
    return corpus.startswith(_READ)


def _fits(recording: Recording, known: frozenset[str]) -> bool:
    if is_without_text(recording.corpus):
        return True
    said = words(recording.text)
    english = recording.language.startswith("en") and recording.seconds < _LONGEST_S
    return english and len(said) > 0 and set(said) <= known


def spoken(cache: Cache, workers: int) -> Spoken:
    """Align what is chosen of the corpus: some minutes, most of them for what has no text."""
    return aligned(cache, chosen(cache.recordings), _align, workers)


def aligned(cache: Cache, numbers: Sequence[int], align: Align, workers: int) -> Spoken:
    """Align these recordings with their texts; those that cannot be are left out."""
    tasks = [(cache.samples[k], tuple(words(cache.recordings[k].text))) for k in numbers]
    found = Spoken([], [], [])
    for number, phones in zip(numbers, each(align, tasks, workers, "align"), strict=True):
        if phones is not None:
            found.corpora.append(cache.recordings[number].corpus)
            found.samples.append(np.array(cache.samples[number]))
            found.phones.append(phones)
    return found


def _align(task: tuple[Pcm, Text]) -> Phones | None:
    """Return the phones of a recording; None where it cannot be what its text says."""
    samples, text = task
    heard = _as_recorded_wide(samples)
    text = text or _heard_words(heard)
    if not text:
        return None
    decoder = _aligner()
    decoder.set_align_text(" ".join(text))
    _decode(decoder, heard)
    if decoder.hyp() is None:
        return None
    decoder.set_alignment()
    _decode(decoder, heard)
    phones = np.full(len(samples) // FRAME, PHONES.index(SILENCE), np.uint8)
    for word in decoder.get_alignment():
        for phone in word:
            if phone.name in PHONES:
                phones[phone.start : phone.start + phone.duration] = PHONES.index(phone.name)
    return phones


def _heard_words(heard: bytes) -> tuple[str, ...]:
    decoder = _listener()
    _decode(decoder, heard)
    found = decoder.hyp()
    hypothesis = [word.split("(")[0] for word in found.hypstr.split()] if found else []
    return tuple(word for word in hypothesis if word in known_words())


def _decode(decoder: pocketsphinx.Decoder, heard: bytes) -> None:
    """Let a decoder hear a whole recording."""
    decoder.start_utt()
    decoder.process_raw(heard, no_search=False, full_utt=True)
    decoder.end_utt()


@cache
def _aligner() -> pocketsphinx.Decoder:
    return pocketsphinx.Decoder(loglevel="FATAL", cmn="batch", bestpath=False)


@cache
def _listener() -> pocketsphinx.Decoder:
    return pocketsphinx.Decoder(loglevel="FATAL", cmn="batch", fwdflat=False, **_NARROW)


def _as_recorded_wide(samples: Pcm) -> bytes:
    """Return 16 kHz at a usual level, with a little noise where the telephone has none."""
    wide = to_int(upsample(to_float(samples))).astype(np.float64)
    level = _LOUDNESS / max(1.0, float(np.sqrt(np.mean(wide**2))))
    noise = np.random.default_rng(711).standard_normal(len(wide))
    noisy = wide * level + noise * _LOUDNESS * 10 ** (-_BESIDE_DB / 20)
    return np.clip(noisy, -32_768, 32_767).astype(np.int16).tobytes()
