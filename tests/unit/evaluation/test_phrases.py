"""The report on phrases: what people said becomes phrases, and every refusal is counted."""

from __future__ import annotations

import argparse
import io
import json
import tarfile
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from dataclasses import astuple, fields
from pathlib import Path
from random import Random

import pytest
import soundfile

from engine.evaluation import phrases
from engine.evaluation.audio_files import Shards
from engine.evaluation.outcomes import outcomes_of
from engine.evaluation.phrases import GOOD_ENOUGH, RIGHT, joined, run
from engine.evaluation.protocols import SENTENCES, WORDS
from engine.evaluation.recordings import CorpusError, Recording, read_manifest
from engine.evaluation.said import (
    LIST,
    digit_strings,
    halves,
    of_the_reported,
    phrase_list,
    sentences,
    telephone_strings,
)
from engine.evaluation.spoken_ways import (
    AFTER_OTHERS,
    BEGUN_TWICE,
    BROKEN_OFF,
    EXCHANGED,
    TWICE,
    exchanged,
    ways,
    with_another_word,
)
from engine.phrase import Challenge, DigitListener, Digits, PhraseRecogniser, load_phrases
from engine.phrase.digits import judged
from engine.phrase.evidence import judged as judged_phrase
from engine.training.phones.spoken import chosen
from engine.types import Locale, PhraseFinding, PhraseId, PhraseOutcome
from tests.unit.engine.audio.synthetic import as_pcm, silence, voice
from tests.unit.engine.liveness.takes import take, utterance
from tests.unit.engine.voice.models import MODELS

CORPUS = MODELS.parents[3] / "shared" / "corpus"
needs_corpus = pytest.mark.skipif(not CORPUS.exists(), reason="needs the licensed speech corpus")
PEOPLE = ("a", "b", "c", "d")
TEXTS = dict(zip(WORDS, ["operator", "think engine", "onword", "wildfire", "voyager"], strict=True))
STRINGS, SHORT, CHALLENGES = 5, 3, 3


def recording(corpus: str, speaker: str, prompt: str, text: str, session: str = "1") -> Recording:
    """One line of a manifest."""
    member = f"{corpus}-{speaker}-{session}-{prompt}.flac"
    return Recording(
        "dev", corpus, speaker, session, "en", prompt, text, "", "one.tar", member, 0.4
    )


def calls() -> list[Recording]:
    """Two calls of each person: the five words, and a sentence."""
    said = {**TEXTS, SENTENCES[0]: "the operator saw the wildfire"}
    return [
        recording("wuw2", who, prompt, text, session)
        for who in PEOPLE
        for session in ("1", "2")
        for prompt, text in said.items()
    ]


def numbers(people: Sequence[str]) -> list[Recording]:
    """Six different numbers of four digits by each person."""
    names = ["one", "two", "three", "four", "five", "six"]
    said = [f"{own} {first} {own} nine" for own in names[: len(people)] for first in names]
    return [recording("an4", people[k // 6], f"n{k}", text) for k, text in enumerate(said)]


def test_words_of_a_call_become_ten_phrases_and_its_sentences_free_speech() -> None:
    """Three strings of three words and one sentence a call; each phrase is one of the list."""
    said = telephone_strings(calls())
    strings = [each for each in said if each.phrase is not None]
    assert (len(strings), len(said) - len(strings)) == (3 * 8, 8)
    assert all(len(each.phrases.phrases) == LIST for each in said)
    assert all(each.phrase in each.phrases.phrases and len(each.members) == 3 for each in strings)


def test_a_sentence_is_free_speech_for_another_list() -> None:
    """Each is once asked for and once not; words without a pronunciation are left out."""
    numbers = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    texts = [f"i saw {one} {two} here" for one in numbers[:5] for two in numbers[5:]]
    read = [recording("cv", f"p{k // 5}", f"s{k}", text) for k, text in enumerate(texts)]
    read.append(recording("cv", "q", "s", "i saw qwrtz over here"))
    said = sentences(read, frozenset({*numbers, "i", "saw", "here", "over"}))
    assert len(said) == 2 * 2 * LIST
    assert {each.phrase is None for each in said} == {True, False}
    assert not any("qwrtz" in name for each in said for name in each.phrases.phrases)


def test_only_strings_of_digits_are_challenges() -> None:
    """Oh is a zero."""
    said = ["one oh five", "TWO two", "rubout g m e f three nine", "nine nine zero"]
    found = digit_strings([recording("an4", "a", f"{k}", text) for k, text in enumerate(said)])
    assert [digits for _, digits in found] == ["105", "990"]


def test_nobody_is_both_tuned_on_and_reported_on() -> None:
    """Every speaker is in one half, the same one each time."""
    tuned, reported = halves([*"abcdefg", *"abc"])
    assert tuned | reported == set("abcdefg")
    assert not tuned & reported
    assert (tuned, reported) == halves("gfedcba")


def test_numbers_are_reported_on_people_from_whom_nothing_was_learnt() -> None:
    """The network learns from some of those who say numbers, and from nobody who is counted."""
    said = numbers(PEOPLE)
    mine = of_the_reported(said)
    assert {each.speaker for each in mine} == halves(PEOPLE)[1]
    assert not {said[k] for k in chosen(said, more=True)} & set(mine)


def test_shares_are_counted_with_intervals() -> None:
    """Three of four; and what never happened has an interval that admits how few there were."""
    found = [PhraseOutcome.RIGHT] * 3 + [PhraseOutcome.UNSURE]
    trials = [
        ("words: right", person, PhraseFinding(outcome, None, 1.0))
        for person, outcome in zip(PEOPLE, found, strict=True)
    ]
    (counted,) = outcomes_of(trials, replicates=50)
    right, wrong = (counted.shares[each] for each in (PhraseOutcome.RIGHT, PhraseOutcome.WRONG))
    assert (counted.trials, counted.speakers, right.value) == (4, 4, 0.75)
    assert right.low <= 0.75 <= right.high
    assert wrong.value == 0.0
    assert 0.5 < wrong.high < 0.7


def test_a_report_on_a_small_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sung vowels are no phrase: all kinds are there, nothing is right, and JSON can hold it."""
    monkeypatch.setattr(phrases, "_MOST", 3)
    monkeypatch.setattr(phrases, "_MOST_DIGITS", 1)
    monkeypatch.setattr(phrases, "_passes", lambda utterance: True)
    made_corpus(tmp_path, [*calls(), *numbers(PEOPLE)])
    report = run(argparse.Namespace(corpus=tmp_path, audio=None, replicates=10))
    kinds = {each["kind"]: each["shares"] for each in report.figures}
    assert {kind.partition(": ")[0] for kind in kinds} == {
        phrases.TELEPHONE,
        phrases.NUMBERS,
        phrases.REAL,
        phrases.DIGITS,
        phrases.ALIGNED,
        phrases.ENROLLED,
    }
    assert f"{phrases.ENROLLED}: {EXCHANGED}" in kinds
    counted = {each["kind"]: each["trials"] for each in report.figures}
    parts = [counted[f"{each}: {RIGHT}"] for each in (phrases.TELEPHONE, phrases.NUMBERS)]
    assert counted[f"{phrases.REAL}: {RIGHT}"] == sum(parts)
    for each in (phrases.TELEPHONE, phrases.NUMBERS, phrases.REAL, phrases.ENROLLED):
        assert counted[f"{each}: {RIGHT}{GOOD_ENOUGH}"] == counted[f"{each}: {RIGHT}"]
    spoken = [shares for kind, shares in kinds.items() if not kind.startswith(phrases.ALIGNED)]
    assert all(shares["right"]["value"] == 0.0 for shares in spoken)
    assert json.loads(json.dumps(report.figures)) == report.figures
    assert "real-time factor" in report.text


@pytest.mark.parametrize(("level_dbfs", "judged"), [(-25.0, True), (-60.0, False)])
def test_what_a_call_would_ask_for_again_is_told_apart(level_dbfs: float, judged: bool) -> None:
    """What is too quiet for a verdict is not judged by its words either."""
    sung = utterance(as_pcm(silence(0.5), voice(2.0, level_dbfs), silence(0.5)))
    assert phrases._passes(sung) is judged


def test_a_corpus_without_words_is_refused(tmp_path: Path) -> None:
    """The message says what is missed."""
    made_corpus(tmp_path, [recording("other", "a", "x", "hello")])
    with pytest.raises(CorpusError, match="no telephone words"):
        run(argparse.Namespace(corpus=tmp_path, audio=None, replicates=10))


@pytest.mark.corpus
@needs_corpus
def test_real_callers_are_understood() -> None:
    """Of a few telephone strings nearly all are right, and none is right for another phrase."""
    recordings = read_manifest(CORPUS, "dev-telephone")
    strings = [each for each in telephone_strings(recordings) if each.phrase][5::60][:STRINGS]
    recogniser = PhraseRecogniser.load(strings[0].phrases)
    right = 0
    with closing(Shards(CORPUS, recordings)) as files:
        for each in strings:
            listener = recogniser.listener()
            listener.push(joined(each.members, files).samples)
            looks = list(listener.looks())
            for asked in each.phrases.phrases:
                found = judged_phrase(looks, asked).outcome is PhraseOutcome.RIGHT
                right += found
                assert not found or asked == each.phrase
    assert right >= STRINGS - 1


@pytest.mark.corpus
@needs_corpus
def test_real_callers_may_say_more_than_the_phrase() -> None:
    """Other words, or a false start, do no harm; what is left of half a phrase is not right."""
    recordings = read_manifest(CORPUS, "dev-telephone")
    strings = [each for each in telephone_strings(recordings) if each.phrase][5::140][:SHORT]
    recogniser = PhraseRecogniser.load(strings[0].phrases)
    found: dict[str, list[PhraseOutcome]] = defaultdict(list)
    with closing(Shards(CORPUS, recordings)) as files:
        spoken = [joined(each.members, files) for each in strings]
    for number, (each, own) in enumerate(zip(strings, spoken, strict=True)):
        assert each.phrase is not None
        for way in ways(each, own, spoken[number - 1], Random(1)):
            if way.phrases is not each.phrases:
                continue
            found[way.kind].append(recogniser.recognise(way.utterance, each.phrase).outcome)
    right = {kind: outcomes.count(PhraseOutcome.RIGHT) for kind, outcomes in found.items()}
    assert min(right[AFTER_OTHERS], right[TWICE], right[BEGUN_TWICE]) >= SHORT - 1
    assert right[BROKEN_OFF] <= 1


def test_a_word_is_exchanged_for_one_of_another_phrase() -> None:
    """One, and only in the phrase that is asked for; the list's other phrases stay."""
    phrases = phrase_list(["one two three", "four five six"])
    asked = PhraseId("one-two-three")
    for seed in range(10):
        changed = exchanged(phrases, asked, Random(seed))
        own = changed.phrases[asked].words
        assert [a == b for a, b in zip(own, ("one", "two", "three"), strict=True)].count(False) == 1
        assert set(own) - {"one", "two", "three"} < {"four", "five", "six"}
        other = PhraseId("four-five-six")
        assert changed.phrases[other] == phrases.phrases[other]


def test_a_word_is_exchanged_for_another_of_the_same_call() -> None:
    """One, so that what is said is in no list; the phrase that is asked for stays."""
    said = telephone_strings(calls())
    whole = {(each.speaker, each.call, each.members) for each in said}
    nearly = list(with_another_word(said, Random(1)))
    strings = [each for each in said if each.phrase is not None]
    assert len(nearly) == len(strings)
    for own, each in zip(strings, nearly, strict=True):
        assert (each.speaker, each.call, each.phrase) == (own.speaker, own.call, own.phrase)
        assert [a == b for a, b in zip(each.members, own.members, strict=True)].count(False) == 1
        assert (each.speaker, each.call, each.members) not in whole


@pytest.mark.corpus
@needs_corpus
def test_real_digits_are_told_from_one_other() -> None:
    """Most strings are right, and none with one digit changed."""
    recordings = [each for each in read_manifest(CORPUS, "dev") if each.corpus == "an4"]
    spoken = [each for each in digit_strings(recordings) if len(each[1]) < 6][3::20][:CHALLENGES]
    right, words = 0, Digits.load(load_phrases(Locale("en-US")))
    with closing(Shards(CORPUS, recordings)) as files:
        for each, digits in spoken:
            changed = digits[:-1] + str((int(digits[-1]) + 3) % 10)
            challenges = [Challenge(digits), Challenge(changed)]
            listener = DigitListener(words, challenges)
            listener.push(joined((each.member,), files).samples)
            own, other = (judged(each).outcome for each in listener.evidence())
            right += own is PhraseOutcome.RIGHT
            assert other is not PhraseOutcome.RIGHT
    assert right >= CHALLENGES - 1


def made_corpus(folder: Path, recordings: list[Recording]) -> None:
    """Write a corpus in which everything is sung."""
    with tarfile.open(folder / "one.tar", "w") as tar:
        for number, each in enumerate(recordings):
            content = io.BytesIO()
            soundfile.write(content, take(number, seconds=each.seconds), 8000, format="FLAC")
            info = tarfile.TarInfo(each.member)
            info.size = len(content.getvalue())
            tar.addfile(info, io.BytesIO(content.getvalue()))
    lines = [[field.name for field in fields(Recording)]]
    lines += [list(map(str, astuple(each))) for each in recordings]
    text = "\n".join("\t".join(line) for line in lines)
    (folder / "manifest.tsv").write_text(text + "\n", encoding="utf-8")
