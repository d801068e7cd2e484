"""Long speech becomes one voice, in bounded pieces."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import AudioError
from engine.types import ENGINE_RATE_HZ, Span, Utterance
from engine.voice.embedder import Embedder
from engine.voice.windows import LONGEST_S, WINDOW_S, cut, embed_windows, with_parts
from tests.unit.engine.voice.models import CARD


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    """The built-in model."""
    return Embedder.load(CARD)


def _noise(seconds: float) -> Utterance:
    samples = np.random.default_rng(3).standard_normal(round(seconds * ENGINE_RATE_HZ)) * 0.1
    return Utterance(samples.astype(np.float32))


@pytest.mark.parametrize(
    ("seconds", "windows"), [(0.1, 1), (10, 1), (10.1, 2), (25, 3), (300, 30), (600, 30)]
)
def test_windows_are_few_equal_and_bounded(seconds: float, windows: int) -> None:
    """Ten minutes are no more work than five, and no window is longer than it may be."""
    found = cut(np.zeros(round(seconds * ENGINE_RATE_HZ), np.float32))
    lengths = {len(each) for each in found}
    assert len(found) == windows
    assert max(lengths) <= WINDOW_S * ENGINE_RATE_HZ
    assert max(lengths) - min(lengths) <= 1
    assert sum(map(len, found)) == min(seconds, LONGEST_S) * ENGINE_RATE_HZ


def test_short_speech_is_embedded_as_it_is(embedder: Embedder) -> None:
    """Windows change nothing where one is enough."""
    short = _noise(2.0)
    np.testing.assert_array_equal(
        embed_windows(short, embedder).vector, embedder.embed(short).vector
    )


def test_long_speech_has_the_direction_of_its_windows(embedder: Embedder) -> None:
    """A unit vector between those of its halves."""
    long = _noise(12.0)
    found = embed_windows(long, embedder)
    halves = [embedder.embed(Utterance(each)) for each in cut(long.samples)]
    assert np.linalg.norm(found.vector) == pytest.approx(1.0, abs=1e-5)
    assert min(found.cosine(half) for half in halves) >= halves[0].cosine(halves[1]) - 1e-6


def test_nothing_has_no_voice(embedder: Embedder) -> None:
    """The embedder's own error."""
    with pytest.raises(AudioError):
        embed_windows(_noise(0.0), embedder)


def test_each_part_has_the_voice_of_its_stretch(embedder: Embedder) -> None:
    """Embedded as if nothing else had been said; the whole stays as it was."""
    speech = _noise(3.0)
    whole = embedder.embed(speech)
    found = with_parts(whole, speech, [Span(0.0, 1.0), Span(2.5, 3.7)], embedder)
    assert found.parts is not None
    assert found.vector is whole.vector
    stretches = (speech.samples[:ENGINE_RATE_HZ], speech.samples[round(2.5 * ENGINE_RATE_HZ) :])
    for part, stretch in zip(found.parts, stretches, strict=True):
        np.testing.assert_array_equal(part, embedder.embed(Utterance(stretch)).vector)


def test_no_parts_change_nothing(embedder: Embedder) -> None:
    """A phrase that was not recognised is compared as a whole."""
    speech = _noise(1.0)
    whole = embedder.embed(speech)
    assert with_parts(whole, speech, (), embedder) is whole


def test_a_part_beyond_the_speech_is_refused(embedder: Embedder) -> None:
    """There is no voice in it."""
    speech = _noise(1.0)
    with pytest.raises(AudioError):
        with_parts(embedder.embed(speech), speech, [Span(1.5, 2.0)], embedder)
