"""`countersign evaluate --replay`: how often a replay is known, a fresh utterance taken for one.

Every recording goes over the line once and is kept as a fingerprint. It is then replayed in every
way of `replay_kinds`, and compared; and it is compared with other recordings of the same words.
The threshold is chosen on one half of the speakers and the rates counted on the other, both ways.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import combinations
from time import process_time
from typing import Final

import numpy as np

from engine.audio import to_float, to_int, upsample
from engine.audio.resample import downsample
from engine.evaluation.audio_files import AudioFiles, Shards
from engine.evaluation.protocols import SENTENCES, WORDS, calls
from engine.evaluation.recordings import CorpusError, Recording, read_manifest
from engine.evaluation.replay_kinds import KINDS, Kind, over_the_line
from engine.evaluation.replay_rates import Comparison, rates_of
from engine.evaluation.reports import Report, corpus_of
from engine.liveness import fingerprint, repeat
from engine.types import Fingerprint, Pcm, Utterance

_KEY: Final = b"countersign evaluate --replay"
"""No secret: the figures are the same under any key."""

OTHER_CALL, OTHER_TAKE, OTHER_PERSON = (
    "same person and words, other call",
    "same person and call, a sentence with the word",
    "another person, same words",
)
WHOLE_HISTORY = "against all the person's other calls at once"


@dataclass(frozen=True, slots=True, eq=False)
class _Said:
    """Something said, as it came over the line the first time."""

    speaker: str
    session: str
    words: str
    pcm: Pcm
    print: Fingerprint


@dataclass(slots=True)
class _Cost:
    """What fingerprints take."""

    seconds: float = 0.0
    octets: int = 0
    spent_s: float = 0.0

    def __str__(self) -> str:
        a_second = self.octets / self.seconds / 1000
        spent_ms = 1000 * self.spent_s / self.seconds
        return f"{a_second:.2f} kB and {spent_ms:.1f} ms of one core for a second of audio"


def run(arguments: argparse.Namespace) -> Report:
    """Measure words alone and five words joined; `CorpusError` without a fitting corpus."""
    corpus = corpus_of(arguments)
    recordings = read_manifest(corpus, arguments.split)
    if len({call.speaker for call in calls(recordings)}) < 4:
        raise CorpusError(
            f"the split {arguments.split} of {corpus} has not four speakers with calls of all five "
            "words: the threshold is chosen on half of them"
        )
    with closing(Shards(corpus, recordings)) as files:
        return measured(recordings, files, KINDS, arguments.replicates)


def measured(
    recordings: Sequence[Recording],
    files: AudioFiles,
    kinds: Mapping[str, Kind],
    replicates: int,
) -> Report:
    """Measure these kinds of replay on a corpus of words and sentences."""
    cost = _Cost()
    words = rates_of(list(_words(recordings, files, kinds, cost)), replicates)
    joined = rates_of(list(_joined(recordings, files, kinds, cost)), replicates)
    text = f"{words.text('single words')}\n\n{joined.text('five words joined')}\n\n{cost}\n"
    return Report(
        text, {"words": words.figures(), "joined": joined.figures(), "cost": asdict(cost)}
    )


def _words(
    recordings: Sequence[Recording], files: AudioFiles, kinds: Mapping[str, Kind], cost: _Cost
) -> Iterator[Comparison]:
    """Each word: its replays, the same word elsewhere, and the sentences of its call."""
    said = [_said((each,), files, cost) for each in recordings if each.prompt in WORDS]
    yield from _replayed(said, kinds)
    yield from _fresh(said)
    whole = [_said((each,), files, cost) for each in recordings if each.prompt in SENTENCES]
    sentences = defaultdict(list)
    for each in whole:
        sentences[each.speaker, each.session].append(each)
    for each in said:
        for sentence in sentences[each.speaker, each.session]:
            yield _compared(OTHER_TAKE, each, sentence)


def _joined(
    recordings: Sequence[Recording], files: AudioFiles, kinds: Mapping[str, Kind], cost: _Cost
) -> Iterator[Comparison]:
    """The five words of a call as one passphrase: its replays, and those of other calls."""
    of_call: dict[tuple[str, str], dict[str, Recording]] = defaultdict(dict)
    for each in recordings:
        of_call[each.call].setdefault(each.prompt, each)
    whole = [said for said in of_call.values() if all(word in said for word in WORDS)]
    said = [_said([each[word] for word in WORDS], files, cost) for each in whole]
    yield from _replayed(said, kinds)
    yield from _fresh(said)


def _said(parts: Sequence[Recording], files: AudioFiles, cost: _Cost) -> _Said:
    pcm = np.concatenate([to_int(downsample(files.samples(each.member))) for each in parts])
    heard = over_the_line(pcm)
    began_s = process_time()
    print_ = _print(heard)
    cost.spent_s += process_time() - began_s
    cost.seconds += len(heard) / 8000
    cost.octets += len(print_)
    words = "+".join(each.prompt for each in parts)
    return _Said(parts[0].speaker, parts[0].session, words, heard, print_)


def _print(pcm: Pcm) -> Fingerprint:
    return fingerprint(Utterance(upsample(to_float(pcm))), _KEY)


def _replayed(said: Iterable[_Said], kinds: Mapping[str, Kind]) -> Iterator[Comparison]:
    """Every recording in every kind of replay against itself."""
    for each in said:
        for name, kind in kinds.items():
            finding = repeat(_print(over_the_line(kind(each.pcm))), [each.print])
            yield Comparison(name, True, each.speaker, each.speaker, finding)


def _fresh(said: Sequence[_Said]) -> Iterator[Comparison]:
    """The same words in different calls, pair by pair and against all of a person's at once."""
    for one, other in combinations(said, 2):
        if one.words == other.words and (one.speaker, one.session) != (
            other.speaker,
            other.session,
        ):
            same = one.speaker == other.speaker
            yield _compared(OTHER_CALL if same else OTHER_PERSON, one, other)
    history = defaultdict(list)
    for each in said:
        history[each.speaker, each.words].append(each)
    for one in said:
        earlier = [
            each.print for each in history[one.speaker, one.words] if each.session != one.session
        ]
        if earlier:
            finding = repeat(one.print, earlier)
            yield Comparison(WHOLE_HISTORY, False, one.speaker, one.speaker, finding)


def _compared(kind: str, one: _Said, other: _Said) -> Comparison:
    return Comparison(kind, False, one.speaker, other.speaker, repeat(one.print, [other.print]))
