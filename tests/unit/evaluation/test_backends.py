"""Ways to compare voices, measured against the mean cosine on the same trials."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from engine.decision.background import Background
from engine.evaluation.backends import BASE, compare_ways, numbered, ways_of
from engine.evaluation.comparisons import cosine, plda, whitened
from engine.evaluation.scoring import Voices, compare
from engine.evaluation.trials import Trial

DIM, LOUD = 12, 3
"""In `LOUD` dimensions the line is louder than the voice."""


def people(count: int, calls: int, seed: int) -> tuple[Voices, list[Trial], Background]:
    """Voices of some people in some calls, every pair of calls, and what is known of them."""
    random = np.random.default_rng(seed)
    spread = np.array([3.0] * LOUD + [0.3] * (DIM - LOUD))
    means = random.standard_normal((count, DIM))
    who = np.repeat(np.arange(count), calls)
    raw = means[who] + spread * random.standard_normal((len(who), DIM))
    unit = (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)
    names = [(f"{number}",) for number in range(len(who))]
    trials = [
        Trial((names[a],), names[b], bool(who[a] == who[b]), str(who[a]), str(who[b]))
        for a, b in combinations(range(len(who)), 2)
    ]
    return dict(zip(names, unit, strict=True)), trials, Background.of(unit, who, 5)


VOICES, TRIALS = people(12, 3, seed=1)[:2]
BACKGROUND = people(80, 4, seed=2)[2]


def test_the_base_is_what_the_evaluation_scores() -> None:
    """The mean cosine, trial by trial."""
    found = cosine()(numbered(TRIALS, VOICES))
    assert np.allclose(found, compare(VOICES, TRIALS))


def test_whitening_helps_where_lines_are_loud_in_few_directions() -> None:
    """What was learnt from other people lowers the error, and the interval says so."""
    tried = {
        BASE: cosine(),
        "whitened": cosine(whitened(BACKGROUND, 0.1)),
        "PLDA": plda(BACKGROUND),
    }
    compared = compare_ways({"pairs": TRIALS}, VOICES, tried, replicates=60)
    helps = {each.way: each.helps for each in compared if each.protocol == "mean"}
    assert helps == {BASE: False, "whitened": True, "PLDA": True}


def test_the_base_differs_from_itself_by_nothing() -> None:
    """Paired: its interval is a point."""
    first, again, *_ = compare_ways(
        {"pairs": TRIALS}, VOICES, {BASE: cosine(), "again": cosine()}, replicates=10
    )
    assert first.eer == again.eer
    assert (again.eer_gain.low, again.eer_gain.high) == (0.0, 0.0)


def test_every_way_scores_every_trial() -> None:
    """Finite numbers, one a trial, also with several voices enrolled."""
    several = [Trial((*t.enroll, t.test), t.test, t.target, "a", "b") for t in TRIALS[:9]]
    these = numbered(several, VOICES)
    for way in ways_of(BACKGROUND).values():
        found = way(these)
        assert found.shape == (9,)
        assert np.isfinite(found).all()
