"""Texts are aligned with what is heard, and nobody who is measured on is learnt from."""

from __future__ import annotations

import tests.unit.training.needs  # noqa: F401  # isort: skip

import tomllib
from pathlib import Path

import numpy as np
import soundfile

import ivr
from engine.evaluation.recordings import Recording
from engine.evaluation.said import halves
from engine.phrase.phones import PHONES, SILENCE
from engine.training.cache import Cache
from engine.training.phones.spoken import FRAME, Spoken, chosen, spoken

PROMPTS = Path(ivr.__file__).parent / "prompts" / "en-US"


def recording(corpus: str, speaker: str, text: str, member: str = "m") -> Recording:
    """A line of a manifest."""
    return Recording("train", corpus, speaker, "0", "en", "t", text, "", "a", member, 2.0)


def prompts(*names: str) -> Cache:
    """Sentences of the application's own voice, with their texts."""
    words = tomllib.loads((PROMPTS / "prompts.toml").read_text("utf-8"))["words"]
    recordings = [recording("own", name, words[name], name) for name in names]
    samples = [soundfile.read(PROMPTS / f"{name}.wav", dtype="int16")[0] for name in names]
    return Cache(recordings, samples)


def test_phones_are_where_they_are_heard() -> None:
    """In the order of the words, and silence where there is none."""
    cache = prompts("digit-7", "after-the-tone-say")
    found = spoken(cache, 1)
    seven = [PHONES[k] for k in found.phones[0][np.diff(found.phones[0], prepend=255) != 0]]
    assert [each for each in seven if each != SILENCE] in (
        ["S", "EH", "V", "AH", "N"],
        ["S", "EH", "V", "IH", "N"],
    )
    for pcm, phones in zip(found.samples, found.phones, strict=True):
        assert len(phones) == len(pcm) // FRAME
        power = np.square(pcm[: len(phones) * FRAME].reshape(-1, FRAME), dtype=np.float64).mean(1)
        silent = phones == PHONES.index(SILENCE)
        assert power[~silent].mean() > 3 * (power[silent].mean() if silent.any() else 0.0)


def test_what_is_saved_is_read_again(tmp_path: Path) -> None:
    """Recording by recording."""
    made = Spoken(
        ["a", "b"],
        [np.arange(160, dtype=np.int16), np.arange(80, dtype=np.int16)],
        [np.array([1, 2], np.uint8), np.array([3], np.uint8)],
    )
    made.save(tmp_path / "spoken.npz")
    read = Spoken.load(tmp_path / "spoken.npz")
    assert read.corpora == made.corpora
    for kept, found in zip(made.samples, read.samples, strict=True):
        assert np.array_equal(kept, found)
    for said, again in zip(made.phones, read.phones, strict=True):
        assert np.array_equal(said, again)


def test_nobody_who_is_measured_on_is_learnt_from() -> None:
    """A quarter of the speakers of the measured corpus is left, and those of others."""
    texts = [
        f"i saw {few} {many} here"
        for few in ("one", "two", "three", "four")
        for many in ("six", "seven", "eight", "nine", "ten")
    ]
    said = [recording("cv-en-korliu", f"p{k % 8}", text) for k, text in enumerate(texts)]
    read = recording("librispeech-x", "l", "")
    other = Recording("dev", "an4", "q", "0", "en", "t", "one two three", "", "a", "x", 2.0)
    odd, empty = recording("z", "r", "qwrtz one"), recording("z", "s", "")
    every = [*said, read, other, odd, empty]
    tuned, reported = halves({each.speaker for each in said})
    assert {every[k].speaker for k in chosen(every)} == {"l"} | halves(tuned)[0]
    assert reported.isdisjoint(every[k].speaker for k in chosen(every, more=True))


def test_who_was_tuned_on_is_learnt_from_afterwards() -> None:
    """All but those who are reported on: of who says digits, half."""
    texts = [f"i saw one {few} here" for few in ("one", "two", "three", "four", "five")]
    said = [recording("cv-en-korliu", f"p{k}", text) for k, text in enumerate(2 * texts)]
    numbers = [
        Recording("dev", "an4", f"q{k}", "0", "en", "t", "one two three", "", "a", "x", 2.0)
        for k in range(6)
    ]
    letters = Recording("dev", "an4", "z", "0", "en", "t", "a b c", "", "a", "x", 2.0)
    every = [*said, *numbers, letters]
    learnt = {every[k].speaker for k in chosen(every, more=True)}
    tuned = halves(each.speaker for each in numbers)[0]
    assert learnt & {each.speaker for each in numbers} == tuned
    assert "z" in learnt
