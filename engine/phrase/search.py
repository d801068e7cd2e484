"""The best path through a network, as speech comes in: Viterbi's algorithm, without pruning."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.phrase.network import Network
from engine.phrase.spectra import Floats

_IMPOSSIBLE: Final = np.float32(-1e30)
_STAYED, _MOVED, _FIRST_WAY = range(3)
"""How a state was reached; from `_FIRST_WAY` on it is a column of `Network.before`."""

Path = NDArray[np.int64]
"""States, `[frames]`."""
_Reached = tuple[NDArray[np.int8], NDArray[np.int16]]
"""How the states of a frame were reached, `[states]`, and which way led to its hubs, `[hubs]`."""


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """How well each state of a network may end what was heard so far."""

    network: Network
    scores: Floats = field(default_factory=lambda: np.zeros(0, np.float32))
    """Log probabilities of the best paths, `[1 + states + 1]`; those outside are impossible."""
    reached: tuple[_Reached, ...] = ()
    """For each frame how its states were reached."""

    def after(self, likelihoods: Floats) -> Search:
        """Go on for some frames, whose log likelihoods are `[frames, states]`."""
        scores, reached = self.scores, list(self.reached)
        for each in likelihoods:
            scores, how = self._step(scores, each) if reached else self._begun(each)
            reached.append(how)
        return Search(self.network, scores, tuple(reached))

    def best(self) -> list[float]:
        """Return the log probability of each string of the network; -inf for an impossible one."""
        return [self._best_end(number)[1] for number in range(len(self.network.ends))]

    def paths(self) -> list[Path]:
        """Return the best path through each string."""
        return [self._path(self._best_end(number)[0]) for number in range(len(self.network.ends))]

    def _path(self, state: int) -> Path:
        """Return the best path that ends in a state."""
        found = np.empty(len(self.reached), np.int64)
        for frame in range(len(self.reached) - 1, -1, -1):
            found[frame] = state
            every, leading = self.reached[frame]
            way = int(every[state])
            if way == _MOVED:
                state -= 1
            elif way >= _FIRST_WAY:
                state = self._left(state, way - _FIRST_WAY, leading)
        return found

    def _left(self, entry: int, way: int, leading: NDArray[np.int16]) -> int:
        """Return the state that was left by a way to an entry."""
        network = self.network
        came = int(network.before[np.searchsorted(network.entries, entry), way])
        hub = came - len(network.sounds)
        return came if hub < 0 else int(network.hubs[hub, leading[hub]])

    def _begun(self, likelihood: Floats) -> tuple[Floats, _Reached]:
        """Return the `scores` after the first frame, whose log likelihoods are `[states]`."""
        scores = np.full(len(likelihood) + 2, _IMPOSSIBLE)
        scores[1:][self.network.starts] = likelihood[self.network.starts]
        return scores, (np.zeros(len(likelihood), np.int8), np.zeros(0, np.int16))

    def _step(self, scores: Floats, likelihood: Floats) -> tuple[Floats, _Reached]:
        """Return the `scores` after one more frame, whose log likelihoods are `[states]`."""
        network, entries = self.network, self.network.entries
        now = np.empty_like(scores)
        stayed, moved = scores[1:-1] + network.staying, scores[:-2] + network.moving
        how = (moved > stayed).view(np.int8)
        np.maximum(stayed, moved, out=now[1:-1])
        to_hubs, leading = _best(scores[1:][network.hubs] + network.tolls)
        known = np.concatenate([scores[1:-1], to_hubs, scores[-1:]])
        entered, way = _best(known[network.before] + network.costs)
        stays = now[1:-1][entries]
        now[1:-1][entries] = np.maximum(stays, entered)
        how[entries] = np.where(entered > stays, _FIRST_WAY + way, _STAYED)
        now[1:-1] += likelihood
        now[0] = now[-1] = _IMPOSSIBLE
        return now, (how, leading)

    def _best_end(self, number: int) -> tuple[int, float]:
        """Return the state that a string ends in best, and the log probability of its path."""
        ends = self.network.ends[number]
        if not self.reached:
            return ends[0][0], -math.inf
        score, state = max((float(self.scores[1 + state]) + leave, state) for state, leave in ends)
        return state, score if score > _IMPOSSIBLE / 2 else -math.inf


def _best(ways: Floats) -> tuple[Floats, NDArray[np.int16]]:
    """Return the greatest of each row, and where it stands."""
    best = ways.argmax(axis=1)
    return ways[np.arange(len(ways)), best], best.astype(np.int16)
