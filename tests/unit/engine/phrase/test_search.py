"""The search finds the best of all paths, and the words of a string where they are."""

from __future__ import annotations

import math
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.phrase.lexicon import pronunciations
from engine.phrase.network import ASIDE, NO_WORD, Network, any_phones, strings
from engine.phrase.phones import HALVES, PHONES, PhoneModel, phone_model
from engine.phrase.search import Path, Search

WORDS = ("open", "this", "door")


@pytest.fixture(scope="module")
def model() -> PhoneModel:
    """The model that comes along."""
    return phone_model()


def tiny() -> Network:
    """Two words of two states each: one leads to the other, both to a hub and on to the first."""
    return Network(
        sounds=np.arange(4),
        words=np.array([0, 0, 1, 1]),
        staying=np.log([0.5, 0.4, 0.3, 0.6]).astype(np.float32),
        moving=np.array([-np.inf, math.log(0.5), -np.inf, math.log(0.7)], np.float32),
        entries=np.array([0, 2]),
        before=np.array([[4, -1], [1, 3]]),
        costs=np.array([[-1.1, -np.inf], [-0.9, -1.4]], np.float32),
        hubs=np.array([[1, 3]]),
        tolls=np.array([[-0.2, -0.4]], np.float32),
        starts=np.array([0, 2]),
        ends=(((1, -0.5), (3, -0.3)),),
    )


def behind(network: Network, way: int) -> list[tuple[int, float]]:
    """Return the states that a way comes from, and what that costs."""
    if way < len(network.sounds):
        return [(way, 0.0)] if way >= 0 else []
    hub = way - len(network.sounds)
    return list(zip(network.hubs[hub].tolist(), network.tolls[hub].tolist(), strict=True))


def by_hand(
    network: Network, likelihoods: np.ndarray[tuple[int, int], np.dtype[np.float32]]
) -> float:
    """Return the best of all sequences of states."""
    paths = product(range(len(network.sounds)), repeat=len(likelihoods))
    return max(scored(network, np.array(path), likelihoods) for path in paths)


def scored(
    network: Network, path: Path, likelihoods: np.ndarray[tuple[int, int], np.dtype[np.float32]]
) -> float:
    """Return the log probability of one sequence of states."""
    ends, steps = dict(network.ends[0]), steps_of(network)
    if path[0] not in network.starts or path[-1] not in ends:
        return -math.inf
    moves = sum(steps[a, b] for a, b in pairwise(path))
    return float(moves + likelihoods[range(len(path)), path].sum() + ends[int(path[-1])])


def steps_of(network: Network) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return the log probability of each step, `[states, states]`."""
    states = range(len(network.sounds))
    steps = np.full((len(states), len(states)), -np.inf)
    for state in states:
        steps[state, state] = network.staying[state]
        if state:
            steps[state - 1, state] = network.moving[state]
    for entry, before, costs in zip(network.entries, network.before, network.costs, strict=True):
        for way, cost in zip(before, costs, strict=True):
            for state, toll in behind(network, way):
                steps[state, entry] = max(steps[state, entry], cost + toll)
    return steps


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 5), st.integers(0, 10**6))
def test_no_path_is_better_than_the_one_that_is_found(frames: int, seed: int) -> None:
    """Against all paths of a small network; and the path that is returned has that score."""
    likelihoods = np.random.default_rng(seed).normal(0, 3, (frames, 4)).astype(np.float32)
    search = Search(tiny()).after(likelihoods[:1]).after(likelihoods[1:])
    assert search.best()[0] == pytest.approx(by_hand(tiny(), likelihoods), abs=1e-3)
    (path,) = search.paths()
    assert scored(tiny(), path, likelihoods) == pytest.approx(search.best()[0], abs=1e-3)


def test_a_string_is_found_where_its_states_are(model: PhoneModel) -> None:
    """Frames that are most like the words' states, one after the other, become those words."""
    network = strings(model, [[[word] for word in WORDS]], pronunciations(WORDS, {}))
    spoken = np.flatnonzero(network.words != NO_WORD)
    likelihoods = np.full((len(spoken), len(network.sounds)), -50.0, np.float32)
    likelihoods[np.arange(len(spoken)), spoken] = 0.0
    (path,) = Search(network).after(likelihoods).paths()
    assert list(dict.fromkeys(network.words[path])) == [0, 1, 2]


def test_what_is_too_short_for_a_string_is_impossible(model: PhoneModel) -> None:
    """Three frames cannot hold three words; nor can none."""
    network = strings(model, [[[word] for word in WORDS]], pronunciations(WORDS, {}))
    likelihoods = np.zeros((3, len(network.sounds)), np.float32)
    assert Search(network).after(likelihoods).best() == [-math.inf]
    assert Search(network).best() == [-math.inf]


def test_any_phone_follows_any_other(model: PhoneModel) -> None:
    """Silence among them, and an utterance may begin with each."""
    loop = any_phones(model)
    (hub,) = loop.hubs
    assert len(hub) == len(PHONES)
    assert (loop.before == len(loop.sounds)).all()
    assert set(loop.starts) == set(loop.entries)
    assert (loop.words == NO_WORD).sum() == HALVES


def test_other_speech_may_stand_before_a_string_and_after_it(model: PhoneModel) -> None:
    """Frames that are most like phones in no word are other speech, beside the words."""
    said = pronunciations(WORDS, {})
    network = strings(model, [[[word] for word in WORDS]], said, aside=True)
    spoken = np.flatnonzero(network.words >= 0)
    aside = np.flatnonzero(network.words == ASIDE)
    before, after = aside[:HALVES], aside[-HALVES:]
    states = np.repeat(np.concatenate([before, spoken, after]), 20)
    likelihoods = np.full((len(states), len(network.sounds)), -50.0, np.float32)
    likelihoods[np.arange(len(states)), states] = 0.0
    (path,) = Search(network).after(likelihoods).paths()
    assert list(dict.fromkeys(network.words[path])) == [ASIDE, 0, 1, 2]
    assert network.words[path][-1] == ASIDE
