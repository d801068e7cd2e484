"""The recogniser takes any audio, in any pieces, from any thread."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.audio import upsample
from engine.errors import AudioError, UnknownPassphraseError
from engine.phrase import PhraseRecogniser
from engine.phrase.evidence import (
    ALONE,
    AMONG_OTHERS,
    NO_FIT,
    Fit,
    Look,
    Weighing,
    fit,
    judged,
)
from engine.phrase.listening import Trace
from engine.phrase.network import NO_WORD
from engine.types import PhraseId, PhraseOutcome, Samples, Utterance
from tests.unit.engine.audio.synthetic import voice

ASKED = PhraseId("my-voice-is-my-passport")
OTHER = PhraseId("good-manners")
RANDOM = np.random.default_rng(4)


def sung(seconds: float) -> Samples:
    """Vowels, at 16 kHz."""
    return upsample(voice(seconds))


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(0, np.float32),
        np.zeros(1, np.float32),
        np.zeros(16_000, np.float32),
        np.full(8000, 0.5, np.float32),
        np.where(np.arange(16_000) // 40 % 2, 1.0, -1.0).astype(np.float32),
        (0.1 * RANDOM.standard_normal(16_000)).astype(np.float32),
        sung(1.0),
    ],
    ids=["none", "one sample", "silence", "DC", "square", "noise", "vowels"],
)
def test_what_is_no_phrase_is_not_right(samples: Samples, recogniser: PhraseRecogniser) -> None:
    """And raises nothing."""
    finding = recogniser.recognise(Utterance(samples), ASKED)
    assert finding.outcome is not PhraseOutcome.RIGHT
    assert 0.0 <= finding.confidence <= 1.0


def test_what_is_very_long_is_heard_for_its_first_seconds(recogniser: PhraseRecogniser) -> None:
    """Ten minutes cost no more than fifteen seconds."""
    listener = recogniser.listener()
    listener.push(np.zeros(16_000 * 600, np.float32))
    assert listener.finding(ASKED).outcome is not PhraseOutcome.RIGHT


def test_pieces_make_no_difference(recogniser: PhraseRecogniser) -> None:
    """Whatever their lengths, what is found is the same to the last bit."""
    samples = sung(2.1)
    whole = recogniser.listener()
    whole.push(samples)

    @settings(max_examples=5, deadline=None)
    @given(st.lists(st.integers(1, 9000), min_size=1, max_size=30))
    def pieces(lengths: list[int]) -> None:
        listener = recogniser.listener()
        for piece in np.split(samples, np.cumsum(lengths)):
            listener.push(piece)
        assert list(listener.looks()) == list(whole.looks())

    pieces()


def test_a_finding_in_a_pause_is_no_end(recogniser: PhraseRecogniser) -> None:
    """What follows belongs to the same utterance."""
    samples = sung(2.0)
    whole, halting = recogniser.listener(), recogniser.listener()
    whole.push(samples)
    for half in np.split(samples, 2):
        halting.push(half)
        halting.finding(ASKED)
    assert list(halting.looks()) == list(whole.looks())


def test_silence_before_the_speech_is_no_end_of_it(recogniser: PhraseRecogniser) -> None:
    """The line is known from the speech, however late it comes."""
    late = recogniser.listener()
    late.push(np.concatenate([np.zeros(32_000, np.float32), sung(2.0)]))
    assert any(math.isfinite(each.ratio) for each in next(late.looks()).fits.values())


def test_an_unknown_phrase_is_refused(recogniser: PhraseRecogniser) -> None:
    """Before any audio is decoded."""
    with pytest.raises(UnknownPassphraseError):
        recogniser.listener().finding(PhraseId("nonsense"))


def test_audio_that_is_no_audio_is_refused(recogniser: PhraseRecogniser) -> None:
    """Not a number is no sample."""
    with pytest.raises(AudioError, match="finite"):
        recogniser.listener().push(np.full(100, np.nan, np.float32))


def test_threads_do_not_mix(recogniser: PhraseRecogniser) -> None:
    """Several callers at once hear what each alone would."""
    samples = sung(1.6)

    def hear(_: int) -> list[Look]:
        listener = recogniser.listener()
        for piece in np.array_split(samples, 10):
            listener.push(piece)
        return list(listener.looks())

    with ThreadPoolExecutor(3) as threads:
        heard = list(threads.map(hear, range(4)))
    assert all(each == hear(0) for each in heard)


def seen(asked: Fit, other: Fit, weighing: Weighing = ALONE) -> Look:
    """A look at a list of two."""
    return Look({ASKED: asked, OTHER: other}, weighing)


def test_a_clear_phrase_is_right_or_wrong_by_what_was_asked() -> None:
    """A poor fit is no phrase; one between is asked again."""
    clear = seen(Fit(0.0, -1.0), Fit(-5.0, -7.0))
    poor = seen(NO_FIT, Fit(-5.0, -7.0))
    doubtful = seen(Fit(-1.1, -3.5), Fit(-5.0, -7.0))
    assert judged([clear], ASKED).outcome is PhraseOutcome.RIGHT
    assert judged([clear], OTHER).outcome is PhraseOutcome.WRONG
    assert judged([poor], ASKED).outcome is PhraseOutcome.WRONG
    assert judged([poor], ASKED).heard is None
    assert judged([doubtful], ASKED).outcome is PhraseOutcome.UNSURE


def test_a_second_look_decides_where_the_first_is_not_sure() -> None:
    """And is not taken where it is; where neither is sure, the first is told."""
    poor, clear = (Fit(-5.0, -7.0), Fit(-5.0, -7.0)), (Fit(0.0, -1.0), Fit(-5.0, -7.0))
    beside = seen(*clear, AMONG_OTHERS)
    assert judged([seen(*poor), beside], ASKED).outcome is PhraseOutcome.RIGHT
    assert judged([seen(*poor), beside], OTHER).outcome is PhraseOutcome.WRONG
    assert judged([seen(*poor), seen(*poor, AMONG_OTHERS)], ASKED) == judged([seen(*poor)], ASKED)
    looks = iter([seen(*clear), beside])
    assert judged(looks, ASKED).outcome is PhraseOutcome.RIGHT
    assert next(looks) is beside


def test_the_weakest_word_is_one_that_lasts() -> None:
    """A bad moment in a short word counts less than a long word that is another."""
    frames = [3, 10, 1, 8]
    words = np.repeat([NO_WORD, 0, 1, 2], frames)
    fitting = np.repeat(np.array([0.0, -3.0, -6.0, -0.5], np.float32), frames)
    sounds = np.zeros_like(words)
    phrase = Trace(-40.0, sounds, words, fitting)
    loop = Trace(0.0, sounds, words, np.zeros_like(fitting))
    found = fit(phrase, loop)
    assert found.weakest == pytest.approx(-30 / 13)
    assert found.ratio == pytest.approx(-40 / 19)


@given(st.floats(-60, 10), st.floats(-60, 10), st.floats(-60, 10), st.floats(-60, 10))
def test_only_the_phrase_that_fits_best_is_ever_right(
    asked: float, other: float, weakest: float, of_other: float
) -> None:
    """Whatever the fits; and the confidence is a probability."""
    look = seen(Fit(asked, weakest), Fit(other, of_other))
    finding = judged([look], ASKED)
    assert 0.0 <= finding.confidence <= 1.0
    own, others = (ALONE.confidence(look.fits[each]) for each in (ASKED, OTHER))
    assert finding.outcome is not PhraseOutcome.RIGHT or own >= others
