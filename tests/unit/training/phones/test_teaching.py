"""What the network that ships knows is handed on: where texts lie, and what foreigners say."""

from __future__ import annotations

import tests.unit.training.needs  # noqa: F401  # isort: skip

from dataclasses import replace

import numpy as np
import pytest

from engine.phrase.phones import FILE, PHONES, SILENCE, STATES
from engine.training.cache import Cache
from engine.training.phones.spoken import FRAME, Spoken
from engine.training.phones.teaching import Teacher, laid_anew, overheard
from tests.unit.training.phones.test_spoken import prompts, recording

SILENT = PHONES.index(SILENCE)


@pytest.fixture(scope="module")
def teacher() -> Teacher:
    """The network that comes along."""
    return Teacher(FILE)


def test_a_text_is_laid_over_what_is_said(teacher: Teacher) -> None:
    """Each phone once, in its order, a frame every 10 ms; another text is not to be found."""
    pcm = prompts("digit-7").samples[0]
    laid = teacher.laid((pcm, ("seven",)))
    assert laid is not None
    assert len(laid) == len(pcm) // FRAME
    said = [PHONES[k] for k in laid[np.diff(laid, prepend=255) != 0] if k != SILENT]
    assert said in (["S", "EH", "V", "AH", "N"], ["S", "EH", "V", "IH", "N"])
    assert teacher.laid((pcm, ("operator", "please"))) is None


def test_silence_teaches_nothing(teacher: Teacher) -> None:
    """Neither a text nor anything else is heard in it."""
    silence = np.zeros(16_000, np.int16)
    assert teacher.laid((silence, ("seven",))) is None
    assert teacher.shares(silence) is None


def test_texts_are_laid_anew_and_the_rest_is_kept(teacher: Teacher) -> None:
    """What has no text has the phones that it had; other languages are overheard."""
    cache = prompts("digit-7", "digit-4")
    spanish = replace(cache.recordings[1], language="es", speaker="s", text="cuatro")
    every = Cache([cache.recordings[0], spanish], cache.samples)
    old = Spoken(
        ["own", "librispeech-x"],
        [cache.samples[0], cache.samples[1]],
        [np.zeros(3, np.uint8), np.full(5, 7, np.uint8)],
    )
    again = laid_anew(every, old, teacher, 1)
    assert again.corpora == ["librispeech-x", "own"]
    assert again.phones[0].tolist() == [7] * 5
    assert len(again.phones[1]) == len(cache.samples[0]) // FRAME
    heard = overheard(every, teacher, 1)
    (shares,) = heard.shares
    assert shares.shape[1] == STATES
    assert shares.astype(np.float32).sum(1) == pytest.approx(1.0, abs=0.01)


def test_english_is_not_overheard(teacher: Teacher) -> None:
    """Nor what has no text, nor the speech of those who are measured on."""
    cache = prompts("digit-7")
    dev = replace(recording("own", "a", "cuatro"), language="es", split="dev")
    mute = replace(dev, split="train", text="")
    every = Cache([cache.recordings[0], dev, mute], cache.samples * 3)
    assert not overheard(every, teacher, 1).samples
