"""Crops hold what their states say, at every speed."""

from __future__ import annotations

import tests.unit.training.needs  # noqa: F401  # isort: skip

import numpy as np
import pytest
import torch

from engine.phrase.phones import PHONES, SILENCE, STATES
from engine.training.bank import Bank
from engine.training.channel.draw import Draw
from engine.training.channel.telephone import Telephone
from engine.training.phones import lessons as module
from engine.training.phones.lessons import FRAMES, SAMPLES, Lessons, lengths, priors, states
from engine.training.phones.spoken import FRAME, Spoken
from engine.training.phones.teaching import Overheard
from engine.training.recipe import Chances, scaled

SILENT = PHONES.index(SILENCE)


def spoken(*runs: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Phones of so many frames each, in which a sample's value is its phone."""
    phones = np.concatenate([np.full(count, phone, np.uint8) for phone, count in runs])
    return np.repeat(phones.astype(np.int16) + 1, FRAME), phones


def lessons(*recordings: tuple[str, tuple[np.ndarray, np.ndarray]]) -> Lessons:
    """Lessons of recordings of corpora."""
    corpora, pairs = zip(*recordings, strict=True)
    known = Spoken(list(corpora), [pcm for pcm, _ in pairs], [said for _, said in pairs])
    return Lessons.of(known, Overheard())


def clear_line() -> Telephone:
    """A telephone to which nothing happens."""
    draw = Draw(torch.device("cpu"), 1)
    nothing = Bank.of([np.zeros(800, np.int16)], torch.device("cpu"))
    return Telephone(scaled(Chances(), 0.0), nothing, draw)


def test_a_phone_has_two_halves() -> None:
    """The middle of an odd number of frames belongs to the first."""
    found = states(np.array([5, 5, 5, 7, 7, 5], np.uint8))
    assert found.tolist() == [10, 10, 11, 14, 15, 10]


@pytest.mark.parametrize("speed", module.SPEEDS)
def test_states_are_where_their_sounds_are(speed: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is loud in a crop is spoken, what is silent is silence, at each speed."""
    monkeypatch.setattr(module, "SPEEDS", (speed,))
    drawn = lessons(("any", spoken((3, 60), (9, 60))))
    samples, wanted = drawn.batch(8, clear_line(), np.random.default_rng(2))
    assert samples.shape == (8, SAMPLES)
    assert wanted.shape == (8, STATES, FRAMES // 2)
    assert wanted.sum(1).numpy() == pytest.approx(1.0, abs=1e-5)
    said = wanted.argmax(1)
    middles = (torch.arange(FRAMES // 2) * 2 * FRAME + FRAME).tolist()
    for row, track in zip(samples, said, strict=True):
        loud = (row[middles].abs() > 0.1 * row.abs().max()).numpy()
        assert (loud == (track.numpy() // 2 != SILENT)).mean() > 0.95


def test_what_is_longer_than_a_crop_is_cut() -> None:
    """Any part of it, with the states of that part."""
    drawn = lessons(("any", spoken((3, 400), (9, 400))))
    _, wanted = drawn.batch(16, clear_line(), np.random.default_rng(3))
    assert set(wanted.argmax(1).unique().tolist()) <= {6, 7, 18, 19}


def test_what_is_overheard_is_learnt_as_it_was_heard() -> None:
    """At half the rate of the samples' frames, with silence around it, and a little doubt."""
    shares = np.zeros((60, STATES), np.float16)
    shares[:30, [4, 8]] = 0.5
    shares[30:, 12] = 1.0
    heard = Overheard([np.full(120 * FRAME, 100, np.int16)], [shares])
    drawn = Lessons.of(Spoken([], [], []), heard)
    _, wanted = drawn.batch(1, clear_line(), np.random.default_rng(2))
    frames = wanted[0].numpy().round(1).T
    first, second = (frames[:, [4, 8]] == 0.5).all(1), frames[:, 12] >= 0.9
    silent = frames[:, 2 * SILENT] >= 0.9
    assert (first | second | silent).all()
    assert np.flatnonzero(first).max() < np.flatnonzero(second).min()
    assert abs(int(first.sum()) - int(second.sum())) <= 1


def test_corpora_have_their_shares() -> None:
    """However much there is of each."""
    drawn = lessons(
        ("speechocean762", spoken((1, 900))),
        ("librispeech-x", spoken((2, 100))),
        ("cv-en", spoken((3, 50))),
    )
    assert drawn.shares == pytest.approx([1 / 3, 4 / 15, 0.4])


def test_priors_and_lengths_are_those_of_the_states() -> None:
    """A phone of ten frames has two halves of five, 2.5 frames of 20 ms each."""
    drawn = lessons(("any", spoken(*[(4, 10), (6, 10)] * 200)))
    assert priors(drawn).shape == (STATES,)
    assert priors(drawn)[[8, 9, 12, 13]] == pytest.approx([0.25] * 4, rel=0.01)
    assert lengths(drawn)[[8, 9, 12, 13]] == pytest.approx([2.5] * 4, rel=0.05)
