"""Long speech becomes one voice, in bounded pieces."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import AudioError
from engine.types import ENGINE_RATE_HZ, Span, Utterance
from engine.voice.embedder import Embedder
from engine.voice.windows import LONGEST_S, WINDOW_S, cut, embed_windows
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


def test_the_parts_of_a_long_phrase_are_heard_in_one_run(embedder: Embedder) -> None:
    """The whole is the windows' mean, still."""
    long, parts = _noise(12.0), [Span(0.0, 1.0), Span(10.5, 11.7)]
    found = embed_windows(long, embedder, parts)
    np.testing.assert_array_equal(found.vector, embed_windows(long, embedder).vector)
    np.testing.assert_array_equal(found.parts, embedder.embed(long, parts).parts)
