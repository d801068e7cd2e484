"""Batches: who is in them, and where the samples come from."""

from dataclasses import replace

import numpy as np
import pytest

from . import needs  # noqa: F401  # isort: skip
import torch

from engine.training.bank import Bank
from engine.training.crops import People, gather, plan, resampled
from engine.training.recipe import PLAIN, RECIPES, Voice

from .conftest import recordings

TRAIN = [(r, pcm) for r, pcm in recordings() if r.split == "train"]
RECIPE = replace(RECIPES["tiny"], speakers=5, voices=(PLAIN, Voice(0.9, 1.0), Voice(1.1, 1.0)))
CPU = torch.device("cpu")


def people() -> People:
    return People.of([r for r, _ in TRAIN], [len(pcm) for _, pcm in TRAIN])


def bank() -> Bank:
    return Bank.of([pcm for _, pcm in TRAIN], CPU)


def test_speakers_and_their_kin_are_numbered() -> None:
    """Eight speakers of two languages."""
    known = people()
    assert known.names == [f"t{k}" for k in range(8)]
    assert len(set(known.kin)) == 2
    assert known.count.tolist() == [1] + [3] * 7
    assert known.weights.sum() == pytest.approx(1.0)
    assert known.weights[0] < known.weights[1]


@pytest.mark.parametrize("seconds", [0.5, 1.0, 3.0])
def test_a_batch_is_of_different_speakers_and_their_own_recordings(seconds: float) -> None:
    """Every piece lies within a recording of its speaker, and the pieces fill the crop."""
    known = people()
    batch = plan(known, RECIPE, seconds, np.random.default_rng(3))
    assert len(set(batch.speakers[:5])) == 5
    np.testing.assert_array_equal(batch.speakers[:5], batch.speakers[5:])
    np.testing.assert_array_equal(batch.voices[:5], batch.voices[5:])
    for row, speaker in enumerate(batch.speakers):
        for recording in batch.recordings[row]:
            assert TRAIN[recording][0].speaker == known.names[speaker]
    assert (batch.offsets >= 0).all()
    assert (batch.offsets + batch.lengths <= known.lengths[batch.recordings]).all()
    assert (batch.lengths.sum(axis=1) >= batch.size * batch.speeds).all()
    wanted = np.array([voice.speed for voice in RECIPE.voices])[batch.voices]
    assert (np.abs(batch.speeds / wanted - 1) <= RECIPE.unsteadiness + 1e-9).all()


def test_voices_and_speeds_are_dealt_out_evenly() -> None:
    """One batch has as many rows of each speed as the next, for other speakers."""
    recipe, random = replace(RECIPE, speakers=8, unsteadiness=0.02), np.random.default_rng(4)
    batches = [plan(people(), recipe, 1.0, random) for _ in range(3)]
    speeds = [np.unique(np.round(batch.speeds, 6), return_counts=True) for batch in batches]
    for each in speeds[1:]:
        np.testing.assert_array_equal(each, speeds[0])
    counts = [np.bincount(batch.voices).tolist() for batch in batches]
    assert counts == [[6, 6, 4]] * 3
    assert len({tuple(batch.voices[np.argsort(batch.speakers)]) for batch in batches}) > 1


def test_two_views_hear_different_recordings_where_there_are_enough() -> None:
    """So that what they share is the voice."""
    known = people()
    batch = plan(known, replace(RECIPE, speakers=8), 2.0, np.random.default_rng(5))
    for row, speaker in enumerate(batch.speakers[:8]):
        one, two = set(batch.recordings[row]), set(batch.recordings[row + 8])
        assert one.isdisjoint(two) == (known.count[speaker] > 1)


def test_a_crop_is_its_pieces_end_to_end() -> None:
    """Row by row the same as joining the arrays."""
    batch = plan(
        people(), replace(RECIPE, voices=(PLAIN,), unsteadiness=0.0), 1.5, np.random.default_rng(1)
    )
    crops = gather(bank(), batch).numpy()
    for row, crop in enumerate(crops):
        pieces = zip(batch.recordings[row], batch.offsets[row], batch.lengths[row], strict=True)
        joined = np.concatenate([TRAIN[r][1][o : o + n] for r, o, n in pieces])
        np.testing.assert_allclose(crop, joined[: batch.size] / 32768)


def test_the_same_seed_plans_the_same_batch() -> None:
    """Training can be repeated."""
    first, second = (plan(people(), RECIPE, 1.0, np.random.default_rng(9)) for _ in range(2))
    np.testing.assert_array_equal(first.offsets, second.offsets)
    np.testing.assert_array_equal(first.speakers, second.speakers)


def test_speed_moves_the_pitch() -> None:
    """1.1 times as many samples in the same time: a tone 10 percent higher."""
    time = torch.arange(8800) / 8000
    faster = resampled(torch.sin(2 * torch.pi * 500 * time).unsqueeze(0), 8000)
    assert int(torch.fft.rfft(faster[0]).abs().argmax()) == 550


def test_a_recipe_without_speed_changes_reads_as_it_is() -> None:
    """No resampling, no copy of another length."""
    samples = torch.randn(2, 100)
    assert resampled(samples, 100) is samples
