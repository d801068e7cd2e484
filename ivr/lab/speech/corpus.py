"""Real people: the telephone calls of WUW Corpus II, for who has the corpus folder."""

from __future__ import annotations

import csv
import io
import tarfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf

from engine.types import TELEPHONE_RATE_HZ, Pcm
from ivr.lab import LabError

CORPUS = "wuw2"
SENTENCES = ("u006", "u007", "u008", "u009", "u010")
SHORTEST_S, LONGEST_S = 2.5, 7.5
"""Within what one attempt takes: 8 s of listening at most."""
TAKES_NEEDED = 3
"""Repetitions in an enrollment."""


class CorpusError(LabError):
    """The corpus folder is not what its README says, or has no such speaker."""


@dataclass(frozen=True, slots=True)
class CorpusRecording:
    """One recording in a shard of the corpus."""

    shard: Path
    member: str
    seconds: float

    def read(self) -> Pcm:
        """Return the samples, int16 `[n]` at 8 kHz."""
        with tarfile.open(self.shard) as shard:
            content = shard.extractfile(self.member)
            if content is None:
                raise CorpusError(f"{self.member} in {self.shard.name} is no file")
            samples, rate_hz = sf.read(io.BytesIO(content.read()), dtype="int16")
        if rate_hz != TELEPHONE_RATE_HZ:
            raise CorpusError(f"{self.member} in {self.shard.name} is not of 8 kHz")
        return np.asarray(samples, np.int16)


@dataclass(frozen=True, slots=True)
class CorpusSpeaker:
    """One person in one call: `say` plays the call's sentences in turn, whatever the text."""

    name: str
    """The corpus's pseudonym and call, such as `wuw2:W001 call 00121`."""
    sentences: Sequence[CorpusRecording]

    @property
    def seconds(self) -> float:
        """Length of all sentences together."""
        return sum(sentence.seconds for sentence in self.sentences)

    def say(self, text: str, take: int) -> Pcm:
        """Return the sentence of this take, int16 `[n]` at 8 kHz."""
        return self.sentences[take % len(self.sentences)].read()


@dataclass(frozen=True, slots=True)
class CorpusPerson:
    """One person in two calls."""

    enrolling: CorpusSpeaker
    verifying: CorpusSpeaker

    @property
    def seconds(self) -> float:
        """Length of the usable sentences in the call that has less."""
        return min(call.seconds for call in (self.enrolling, self.verifying))


def people(corpus: Path) -> list[CorpusPerson]:
    """Return everybody who can enroll in one call and verify in another, most speech first.

    A call counts that was made from a landline and has three free sentences (u006-u010) of 2.5 to
    7.5 s; a person counts with two such calls, and the first two are taken. The order looks at
    lengths alone, never at a score. `CorpusError` where the folder has no readable manifest, or
    nobody counts.
    """
    found = [
        CorpusPerson(_speaker(label, *calls[0]), _speaker(label, *calls[1]))
        for label, by_call in _sentences(corpus).items()
        if len(calls := [call for call in by_call.items() if len(call[1]) >= TAKES_NEEDED]) >= 2
    ]
    if not found:
        raise CorpusError(f"nobody in {corpus} made two calls from a landline (corpus {CORPUS})")
    return sorted(found, key=lambda person: person.seconds, reverse=True)


def _speaker(label: str, call: str, sentences: Sequence[CorpusRecording]) -> CorpusSpeaker:
    return CorpusSpeaker(f"{label} call {call}", sentences)


def _sentences(corpus: Path) -> Mapping[str, Mapping[str, list[CorpusRecording]]]:
    """Return the usable sentences by speaker and call."""
    by_person: dict[str, dict[str, list[CorpusRecording]]] = defaultdict(lambda: defaultdict(list))
    for row in _rows(corpus):
        seconds = float(row["seconds"])
        if _counts(row) and SHORTEST_S <= seconds <= LONGEST_S:
            recording = CorpusRecording(corpus / row["shard"], row["member"], seconds)
            by_person[row["speaker"]][row["session"]].append(recording)
    return by_person


def _counts(row: Mapping[str, str]) -> bool:
    return (
        row["corpus"] == CORPUS and row["phone"] == "landlinephone" and row["prompt"] in SENTENCES
    )


def _rows(corpus: Path) -> Iterator[dict[str, str]]:
    manifest = corpus / "manifest.tsv"
    try:
        with manifest.open(encoding="utf-8", newline="") as lines:
            yield from csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    except OSError as error:
        raise CorpusError(f"{manifest} cannot be read: {error.strerror}") from error
