"""`countersign evaluate --phrases`: how often a passphrase is known, and other speech refused.

The recogniser's weights and thresholds were chosen on one half of the real speakers
(`said.halves`); everything is counted on the other. Real voices are the corpus's, each kind by
itself and all together. Rendered ones, on which nothing was chosen, are read from `--audio DIR`,
as `python -m ivr.lab.make_phrases DIR` writes them.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from random import Random
from time import process_time
from typing import Final, TypeVar

import numpy as np

from engine.audio import speech_in, to_int
from engine.audio.edges import cut_off
from engine.audio.resample import downsample
from engine.decision.explanation import EN_US
from engine.decision.policy import QualityLimits, shortcoming
from engine.evaluation.audio_files import AudioFiles, Folder, Shards
from engine.evaluation.outcomes import Outcomes, outcomes_of
from engine.evaluation.recordings import CorpusError, Recording, read_manifest
from engine.evaluation.rendered import rendered
from engine.evaluation.reports import Report, corpus_of
from engine.evaluation.said import (
    Said,
    digit_strings,
    halves,
    of_the_reported,
    sentences,
    telephone_strings,
)
from engine.evaluation.scoring import quality_of
from engine.evaluation.spoken_ways import EXCHANGED, Way, ways, with_another_word
from engine.phrase import (
    Challenge,
    DigitListener,
    Digits,
    PhraseFrames,
    PhraseRecogniser,
    alike,
    frames,
    load_phrases,
    vote,
)
from engine.phrase.digits import judged as judged_digits
from engine.phrase.evidence import judged
from engine.phrase.lexicon import known_words
from engine.types import PhraseFinding, PhraseId, Utterance

T = TypeVar("T")

RIGHT, OTHER, FREE = "right phrase", "other listed phrase", "free speech"
GOOD_ENOUGH = ", recording good enough"
TELEPHONE, READ = "telephone strings (real)", "read sentences (real)"
NUMBERS, REAL = "numbers and spelled words (real)", "all of these together (real)"
DIGITS, ALIGNED = "digits (real)", "alignment, telephone strings (real)"
ENROLLED = "telephone strings, enrolled in another call (real)"

_MOST: Final = 400
"""Utterances of each kind of material: more would take too long."""
_SEED: Final = 1998
_MOST_DIGITS: Final = 40
"""Each is searched eight times."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What was made of one utterance when one phrase was asked for."""

    material: str
    kind: str
    speaker: str
    finding: PhraseFinding


@dataclass(slots=True)
class _Cost:
    """What recognising takes."""

    seconds: float = 0.0
    spent_s: float = 0.0

    def text(self) -> str:
        factor = self.spent_s / max(self.seconds, 1e-9)
        return f"real-time factor of the recogniser: {factor:.3f} of one core"


def run(arguments: argparse.Namespace) -> Report:
    """Measure all materials that the corpus has; `CorpusError` where it has none of them."""
    corpus, cost = corpus_of(arguments), _Cost()
    recordings = read_manifest(corpus)
    with closing(Shards(corpus, recordings)) as files:
        trials = list(_real(recordings, files, cost))
    trials += [replace(each, material=REAL) for each in trials if _is_recognised(each)]
    for made, said in rendered(arguments.audio) if arguments.audio else ():
        material = f"ten (rendered by {made})"
        trials += _recognised(material, said, Folder(arguments.audio), cost)
    if not trials:
        raise CorpusError(f"{corpus} has no telephone words, read sentences or digits in English")
    outcomes = outcomes_of(
        [(f"{each.material}: {each.kind}", each.speaker, each.finding) for each in trials],
        arguments.replicates,
    )
    return Report(_text(outcomes, cost), [each.plain() for each in outcomes])


def _text(outcomes: Sequence[Outcomes], cost: _Cost) -> str:
    head = Outcomes.head()
    return "\n".join([head, *(each.text() for each in outcomes), "", cost.text()])


def _real(recordings: Sequence[Recording], files: AudioFiles, cost: _Cost) -> Iterator[Trial]:
    telephone = [each for each in recordings if each.corpus == "wuw2"]
    english = [each for each in recordings if each.corpus == "cv-en-korliu"]
    strings = telephone_strings(telephone)
    for material, said in ((TELEPHONE, strings), (READ, sentences(english, known_words()))):
        yield from _recognised(material, _kept(said), files, cost)
        yield from _said_otherwise(material, _kept(said), files)
    yield from _enrolled(_reported(strings), files)
    numbers = of_the_reported([each for each in recordings if each.corpus == "an4"])
    yield from _recognised(NUMBERS, sentences(numbers, known_words()), files, cost)
    yield from _digits(numbers, files)


def _is_recognised(trial: Trial) -> bool:
    """Say whether a phrase was said as it stands, or other speech, to the recogniser alone."""
    asked = trial.kind.removesuffix(GOOD_ENOUGH)
    return trial.material in (TELEPHONE, READ, NUMBERS) and asked in (RIGHT, OTHER, FREE)


def _reported(said: Sequence[Said]) -> list[Said]:
    """Those of the speakers to report on."""
    reported = halves(each.speaker for each in said)[1]
    return [each for each in said if each.speaker in reported]


def _kept(said: Sequence[Said]) -> list[Said]:
    """At most `_MOST` of these, spread evenly."""
    return _spread(_reported(said), _MOST)


def _spread(these: list[T], most: int) -> list[T]:
    return these[:: max(1, -(-len(these) // most))]


def _recognised(
    material: str, said: Iterable[Said], files: AudioFiles, cost: _Cost
) -> Iterator[Trial]:
    """Ask for the phrase that was said, and for every other one of its list."""
    recognisers: dict[int, PhraseRecogniser] = {}
    for each in said:
        key = id(each.phrases)
        if key not in recognisers:
            recognisers[key] = PhraseRecogniser.load(each.phrases)
        utterance = joined(each.members, files)
        yield from _asked(material, each, recognisers[key], utterance, cost)


def _asked(
    material: str, said: Said, recogniser: PhraseRecogniser, utterance: Utterance, cost: _Cost
) -> Iterator[Trial]:
    began_s = process_time()
    listener = recogniser.listener()
    listener.push(utterance.samples)
    looks = list(listener.looks())
    cost.spent_s += process_time() - began_s
    cost.seconds += utterance.seconds
    passes = _passes(utterance)
    for asked in said.phrases.phrases:
        kind, found = _kind(said.phrase, asked), judged(looks, asked)
        yield Trial(material, kind, said.speaker, found)
        if passes:
            yield Trial(material, kind + GOOD_ENOUGH, said.speaker, found)
    if said.phrase is None:
        some = next(iter(said.phrases.phrases))
        finding = judged(looks, judged(looks, some).heard or some)
        yield Trial(material, f"{FREE}, whichever phrase is asked", said.speaker, finding)


def _said_otherwise(material: str, said: Sequence[Said], files: AudioFiles) -> Iterator[Trial]:
    """Ask for the phrase that was meant, said in other ways than as it stands."""
    recognisers: dict[int, PhraseRecogniser] = {}
    for each, asked, way in _in_ways(said, files):
        own = way.phrases is each.phrases
        if own and id(way.phrases) not in recognisers:
            recognisers[id(way.phrases)] = PhraseRecogniser.load(way.phrases)
        known = recognisers[id(way.phrases)] if own else PhraseRecogniser.load(way.phrases)
        yield Trial(material, way.kind, each.speaker, known.recognise(way.utterance, asked))


def _in_ways(said: Sequence[Said], files: AudioFiles) -> Iterator[tuple[Said, PhraseId, Way]]:
    random, listed = Random(_SEED), [each for each in said if each.phrase]
    for number, each in enumerate(listed):
        mine = [one for one in listed if one.speaker == each.speaker and one.phrase != each.phrase]
        other = (mine or [listed[number - 1]])[0]
        for way in ways(each, joined(each.members, files), joined(other.members, files), random):
            assert each.phrase is not None
            yield each, each.phrase, way


def _passes(utterance: Utterance) -> bool:
    """Say whether a call would judge the phrase, and not ask again for the recording's sake."""
    pcm = to_int(downsample(utterance.samples))
    good = shortcoming(quality_of(utterance.samples), QualityLimits()) is None
    return good and not cut_off(pcm, speech_in(pcm))


def _kind(said: PhraseId | None, asked: PhraseId) -> str:
    if said is None:
        return FREE
    return RIGHT if said == asked else OTHER


def joined(members: Iterable[str], files: AudioFiles) -> Utterance:
    """Read recordings and put them one behind the other."""
    return Utterance(np.concatenate([files.samples(each) for each in members]))


class _Earlier:
    """What people said in their other calls, as an enrollment keeps it."""

    def __init__(self, said: Iterable[Said], files: AudioFiles) -> None:
        self._kept: dict[tuple[str, PhraseId | None], list[tuple[Said, PhraseFrames]]] = {}
        for each in said:
            made = frames(joined(each.members, files))
            self._kept.setdefault((each.speaker, each.phrase), []).append((each, made))

    def of(self, said: Said, phrase: PhraseId) -> list[PhraseFrames]:
        """Return up to three recordings of the phrase by whoever said this."""
        kept = self._kept.get((said.speaker, phrase), [])
        return [made for each, made in kept if each.call != said.call][:3]


def _enrolled(said: Sequence[Said], files: AudioFiles) -> Iterator[Trial]:
    """Compare with recordings of the person's other calls, and let both vote as a call does."""
    if not said:
        return
    earlier = _Earlier([each for each in said if each.phrase], files)
    recogniser = PhraseRecogniser.load(said[0].phrases)
    for each in said:
        utterance = joined(each.members, files)
        listener, own = recogniser.listener(), frames(utterance)
        listener.push(utterance.samples)
        looks, passes = list(listener.looks()), _passes(utterance)
        for asked in each.phrases.phrases:
            if before := earlier.of(each, asked):
                kind, found = _kind(each.phrase, asked), judged(looks, asked)
                yield Trial(ALIGNED, kind, each.speaker, alike(own, before))
                finding = vote(asked, found, own, before)
                yield Trial(ENROLLED, kind, each.speaker, finding)
                if passes:
                    yield Trial(ENROLLED, kind + GOOD_ENOUGH, each.speaker, finding)
    for each, asked, kind, utterance in _said_nearly(said, files):
        if before := earlier.of(each, asked):
            found = recogniser.recognise(utterance, asked)
            finding = vote(asked, found, frames(utterance), before)
            yield Trial(ENROLLED, kind, each.speaker, finding)


def _said_nearly(
    said: Sequence[Said], files: AudioFiles
) -> Iterator[tuple[Said, PhraseId, str, Utterance]]:
    """Say the phrase that is asked for in other ways, and with another word in it."""
    for each, asked, way in _in_ways(said, files):
        if way.phrases is each.phrases:
            yield each, asked, way.kind, way.utterance
    for each in with_another_word(said, Random(_SEED)):
        assert each.phrase is not None
        yield each, each.phrase, EXCHANGED, joined(each.members, files)


def _digits(recordings: Sequence[Recording], files: AudioFiles) -> Iterator[Trial]:
    """Ask for the digits that were said, for one that differs, and for another's."""
    mine = _spread(digit_strings(recordings), _MOST_DIGITS)
    words = Digits.load(load_phrases(EN_US))
    for number, (each, digits) in enumerate(mine):
        asked = dict(_challenges(digits, mine[number - 1][1]))
        challenges = [Challenge(wanted) for wanted in asked.values()]
        listener = DigitListener(words, challenges)
        listener.push(joined((each.member,), files).samples)
        for kind, evidence in zip(asked, listener.evidence(), strict=True):
            yield Trial(DIGITS, kind, each.speaker, judged_digits(evidence))


def _challenges(digits: str, other: str) -> Iterator[tuple[str, str]]:
    yield "right digits", digits
    middle = len(digits) // 2
    changed = str((int(digits[middle]) + 3) % 10)
    yield "one digit wrong", digits[:middle] + changed + digits[middle + 1 :]
    if digits != other:
        yield "other digits", other
