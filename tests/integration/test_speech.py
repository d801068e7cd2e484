"""Synthetic people: takes differ as a person's do, and the same one is always the same."""

from __future__ import annotations

import numpy as np
import pytest

from ivr.lab.apt import AptError
from ivr.lab.speech import Synthesiser, SynthesisError, Voice, render, synthetic

WORDS = "My voice is my passport, verify me."


@pytest.fixture(scope="module", autouse=True)
def flite() -> None:
    """Fetch flite; skip, with the reason, where Debian's packages cannot be had."""
    try:
        render("Hello.", Voice(Synthesiser.FLITE, "slt"))
    except AptError as lack:
        pytest.skip(f"no flite: {lack}")


def test_a_take_is_the_same_every_time_and_another_is_not() -> None:
    """What is said is fixed by voice, words and take."""
    speaker = synthetic("slt")
    first, again, other = (speaker.say(WORDS, take) for take in (0, 0, 1))
    assert np.array_equal(first, again)
    assert first.dtype == np.int16
    assert len(first) != len(other) or not np.array_equal(first, other)


def test_speech_is_of_a_plausible_length_and_level() -> None:
    """Seven words take 2 to 5 s, at -28 to -16 dBFS."""
    for name in ("slt", "awb", "rms", "kal"):
        said = synthetic(name).say(WORDS, 0).astype(float) / 32_768
        assert 2 * 8_000 < len(said) < 5 * 8_000
        assert -32 < 10 * np.log10((said**2).mean()) < -16


def test_what_was_rendered_once_is_kept() -> None:
    """A rendered text is read from the cache; a slower voice is another rendering."""
    voice = Voice(Synthesiser.FLITE, "slt")
    kept = render("Hello there.", voice)
    assert np.array_equal(render("Hello there.", voice), kept)
    assert len(render("Hello there.", voice.stretched(1.5))) > 1.2 * len(kept)


def test_an_unknown_voice_is_an_error() -> None:
    """flite itself would quietly speak as another."""
    with pytest.raises(SynthesisError, match="flite has no voice nobody"):
        render("Hello.", Voice(Synthesiser.FLITE, "nobody"))
