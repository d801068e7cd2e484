"""The best path through a network, as speech comes in: Viterbi's algorithm, without pruning."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.phrase.network import Network
from engine.phrase.sphinx_files import Floats

_IMPOSSIBLE: Final = np.float32(-1e30)
_STAYED, _MOVED, _FIRST_WAY = range(3)
"""How a state was reached; from `_FIRST_WAY` on it is a column of `Network.before`."""

Path = NDArray[np.int64]
"""States, `[frames]`."""


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """How well each state of a network may end what was heard so far."""

    network: Network
    scores: Floats = field(default_factory=lambda: np.zeros(0, np.float32))
    """Log probabilities of the best paths, `[states + 1]`; the last is impossible."""
    reached: tuple[NDArray[np.int8], ...] = ()
    """For each frame how its states were reached, `[states]`."""

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
        if not self.reached:
            return [np.zeros(0, np.int64) for _ in self.network.ends]
        here = np.array([self._best_end(number)[0] for number in range(len(self.network.ends))])
        found = np.empty((len(self.reached), len(here)), np.int64)
        for frame in range(len(self.reached) - 1, -1, -1):
            found[frame] = here
            here = self._earlier(here, self.reached[frame][here])
        return list(found.T)

    def _begun(self, likelihood: Floats) -> tuple[Floats, NDArray[np.int8]]:
        scores = np.full(len(likelihood) + 1, _IMPOSSIBLE)
        scores[self.network.starts] = likelihood[self.network.starts]
        return scores, np.zeros(len(likelihood), np.int8)

    def _step(self, scores: Floats, likelihood: Floats) -> tuple[Floats, NDArray[np.int8]]:
        network = self.network
        now = np.empty_like(scores)
        stayed, moved = scores[:-1] + network.staying, network.moving.copy()
        moved[1:] += scores[:-2]
        how = (moved > stayed).astype(np.int8)
        np.maximum(stayed, moved, out=now[:-1])
        now[-1] = _IMPOSSIBLE
        ways = scores[network.before] + network.costs
        way = ways.argmax(axis=1)
        entered = ways[np.arange(len(way)), way]
        better = entered > now[network.entries]
        entries = network.entries[better]
        now[entries] = entered[better]
        how[entries] = _FIRST_WAY + way[better]
        now[:-1] = np.maximum(now[:-1] + likelihood, _IMPOSSIBLE)
        return now, how

    def _earlier(self, states: Path, how: NDArray[np.int8]) -> Path:
        """Return the states that these were reached from."""
        earlier: Path = states - (how == _MOVED)
        entered = how >= _FIRST_WAY
        rows = np.searchsorted(self.network.entries, states[entered])
        earlier[entered] = self.network.before[rows, how[entered] - _FIRST_WAY]
        return earlier

    def _best_end(self, number: int) -> tuple[int, float]:
        ends = self.network.ends[number]
        if not self.reached:
            return ends[0][0], -math.inf
        score, state = max((float(self.scores[state]) + leave, state) for state, leave in ends)
        return state, score if score > _IMPOSSIBLE / 2 else -math.inf
