"""The turn to the telephone is the one that makes what was heard most likely."""

from __future__ import annotations

import numpy as np

from engine.evaluation.recordings import Recording
from engine.evaluation.said import halves
from engine.phrase.acoustics import original, turned
from engine.training.telephone_phones import Heard, chosen, fitted

RANDOM = np.random.default_rng(5)


def test_a_line_that_is_linear_is_found_exactly() -> None:
    """Where every mean was heard moved by one map, and twice as spread, that map comes out."""
    means, variances = original()
    width = means.shape[3]
    maps = [np.hstack([np.ones((width, 1)), 0.8 * np.eye(width)]) for _ in range(3)]
    heard = Heard.nothing(means.shape)
    heard.frames[:] = RANDOM.uniform(1, 50, heard.frames.shape)
    moved = (1.0 + 0.8 * means.astype(np.float64)).transpose(1, 0, 2, 3)
    heard.sums[:] = heard.frames[..., None] * moved
    spread = 2.0 * variances.transpose(1, 0, 2, 3)
    heard.squares[:] = heard.frames[..., None] * (moved**2 + spread)
    found = fitted(heard, means, variances)
    assert np.allclose(found.means, maps, atol=1e-3)
    assert np.allclose(found.variances, 2.0, atol=1e-2)
    assert np.allclose(turned(means, variances, found)[0], 1.0 + 0.8 * means, atol=0.1)


def test_nobody_who_is_reported_on_is_learnt_from() -> None:
    """Only English of the train split, in words that are known, by people of the other half."""
    texts = [
        f"i saw {few} {many} here"
        for few in ("one", "two", "three", "four")
        for many in ("six", "seven", "eight", "nine", "ten")
    ]
    said = [
        Recording("train", "cv-en-korliu", f"p{k % 10}", "0", "en", "t", text, "", "a", f"{k}", 2.0)
        for k, text in enumerate(texts)
    ]
    other = Recording("dev", "an4", "q", "0", "en", "t", "one two three", "", "a", "x", 2.0)
    odd = Recording("train", "z", "r", "0", "en", "t", "qwrtz one", "", "a", "y", 2.0)
    learnt = chosen([*said, other, odd])
    assert {each.corpus for each in learnt} == {"cv-en-korliu"}
    assert {each.speaker for each in learnt} == halves({each.speaker for each in said})[0]
