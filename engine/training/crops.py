"""Which crops make a batch: speakers balanced, several utterances of one joined to a crop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.evaluation.recordings import Recording
from engine.training.bank import Bank
from engine.training.recipe import Recipe
from engine.types import TELEPHONE_RATE_HZ

SHORTEST_PIECE_S = 0.4

_UNSTEADY = (-1.0, -0.5, 0.0, 0.5, 1.0)
"""Shares of the recipe's unsteadiness. Few, so that rows of one speed are played together."""

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """The speakers of the training split, numbered in the order of their names."""

    names: list[str]
    kin: Numbers
    """For each speaker the number of its corpus and language `[speakers]`."""
    recordings: Numbers
    """Numbers of all recordings, speaker by speaker `[recordings]`."""
    first: Numbers
    """Where in `recordings` each speaker begins `[speakers]`."""
    count: Numbers
    """How many recordings each speaker has `[speakers]`."""
    lengths: Numbers
    """Samples of each recording, by its number `[recordings]`."""
    weights: NDArray[np.float64]
    """How often to draw each speaker `[speakers]`: as the root of how much it says."""

    @classmethod
    def of(cls, recordings: Sequence[Recording], lengths: Sequence[int]) -> People:
        """Number the speakers of some recordings of the given lengths in samples."""
        names, speaker = np.unique([each.speaker for each in recordings], return_inverse=True)
        order = np.argsort(speaker, kind="stable").astype(np.int64)
        count = np.bincount(speaker)
        first = np.cumsum(count) - count
        of_speaker = [recordings[int(k)] for k in order[first]]
        kin = np.unique([f"{r.corpus} {r.language}" for r in of_speaker], return_inverse=True)[1]
        spoken = np.sqrt(np.bincount(speaker, np.array(lengths, dtype=np.float64)))
        return cls(
            [str(name) for name in names], kin.astype(np.int64), order, first, count,
            np.array(lengths, dtype=np.int64), spoken / spoken.sum(),
        )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """One batch, before any sample is touched. Rows come view by view."""

    speakers: Numbers
    """Number of the speaker `[batch]`."""
    voices: Numbers
    """Number of the voice that it is given `[batch]`."""
    speeds: NDArray[np.float64]
    """How fast each row is played `[batch]`: the speed of its voice, a little more or less."""
    recordings: Numbers
    offsets: Numbers
    lengths: Numbers
    """The pieces, `[batch, pieces]` each."""
    size: int
    """Samples of a crop."""


def plan(people: People, recipe: Recipe, seconds: float, random: np.random.Generator) -> Plan:
    """Draw a batch: different speakers, several crops of each in one voice."""
    size = round(seconds * TELEPHONE_RATE_HZ)
    count = min(recipe.speakers, len(people.names))
    chosen = random.choice(len(people.names), count, replace=False, p=people.weights)
    voices = np.tile(random.permutation(count) % len(recipe.voices), recipe.views)
    speeds = np.array([voice.speed for voice in recipe.voices])[voices]
    speeds *= 1 + recipe.unsteadiness * _unsteady(speeds, random)
    reach = round(size * speeds.max()) + 1
    longest = round(recipe.longest_piece_s * TELEPHONE_RATE_HZ)
    turn = random.integers(people.count[chosen])
    columns: list[tuple[Numbers, Numbers, Numbers]] = []
    while not columns or sum(take for _, _, take in columns).min() < reach:  # type: ignore[union-attr]
        recordings = np.concatenate(
            [
                _own_part(people, chosen, turn, view, recipe.views, random)
                for view in range(recipe.views)
            ]
        )
        columns.append((recordings, *_pieces(people.lengths[recordings], longest, random)))
    pieces = [np.stack(each, axis=1) for each in zip(*columns, strict=True)]
    speakers = np.tile(chosen, recipe.views)
    return Plan(speakers, voices, speeds, pieces[0], pieces[1], pieces[2], size)


def _unsteady(speeds: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    """Deal the shares of the unsteadiness out among the rows of each speed `[batch]`, in turn.

    As many rows have each speed in one batch as in the next: a GPU plans its work by their number.
    """
    shares = np.empty(len(speeds))
    shares[np.lexsort((random.permutation(len(speeds)), speeds))] = np.resize(
        _UNSTEADY, len(speeds)
    )
    return shares


def _own_part(
    people: People,
    chosen: Numbers,
    turn: Numbers,
    view: int,
    views: int,
    random: np.random.Generator,
) -> Numbers:
    """One recording of each chosen speaker, of the part that belongs to a view `[speakers]`.

    A speaker's recordings, begun at a random one, are shared out among the views, so that two views
    hear the same recording only of who has fewer recordings than there are views.
    """
    count = people.count[chosen]
    begin = view * count // views
    part = np.maximum((view + 1) * count // views - begin, 1)
    place = (turn + begin + random.integers(part)) % count
    recordings: Numbers = people.recordings[people.first[chosen] + place]
    return recordings


def _pieces(whole: Numbers, longest: int, random: np.random.Generator) -> tuple[Numbers, Numbers]:
    """Where pieces of recordings of some lengths begin, and how long they are `[batch]` each.

    Half of the recordings that are short enough are taken whole.
    """
    shortest = np.minimum(whole, round(SHORTEST_PIECE_S * TELEPHONE_RATE_HZ))
    take = random.integers(shortest, np.maximum(shortest, np.minimum(whole, longest)) + 1)
    all_of_it = (whole <= longest) & (random.random(len(whole)) < 0.5)
    take = np.where(all_of_it, whole, take)
    return random.integers(whole - take + 1), take


def gather(bank: Bank, chosen: Plan) -> Tensor:
    """Fetch the crops of a plan, float32 `[batch, size]`, each at its speed."""
    device = bank.flat.device
    crops = torch.empty((len(chosen.speakers), chosen.size), device=device)
    for speed in np.unique(chosen.speeds):
        rows = np.flatnonzero(chosen.speeds == speed)
        pieces = (chosen.recordings, chosen.offsets, chosen.lengths)
        parts = [torch.from_numpy(each[rows]).to(device) for each in pieces]
        played = bank.joined(parts[0], parts[1], parts[2], round(chosen.size * speed))
        crops[torch.from_numpy(rows).to(device)] = resampled(played, chosen.size)
    return crops


def resampled(played: Tensor, size: int) -> Tensor:
    """Play `[batch, n]` in `size` samples instead: through the spectrum, as scipy's `resample`."""
    if played.shape[1] == size:
        return played
    spectrum = torch.fft.rfft(played)
    kept = min(spectrum.shape[1], size // 2 + 1)
    return torch.fft.irfft(spectrum[:, :kept], n=size) * (size / played.shape[1])
