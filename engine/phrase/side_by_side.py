"""Several networks as one: a search takes hardly longer for it than for the largest of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.phrase.network import NOWHERE, Network

T = TypeVar("T", np.int64, np.float32)


def beside(networks: Sequence[Network]) -> Network:
    """Lay networks beside each other, to be searched at once; their strings follow each other."""
    states = np.cumsum([0, *(len(each.sounds) for each in networks)]).tolist()
    hubs = np.cumsum([0, *(len(each.hubs) for each in networks)]).tolist()
    moved = [
        _renumbered(each, first, states[-1] + first_hub)
        for each, first, first_hub in zip(networks, states[:-1], hubs[:-1], strict=True)
    ]
    return Network(
        sounds=np.concatenate([each.sounds for each in moved]),
        words=np.concatenate([each.words for each in moved]),
        staying=np.concatenate([each.staying for each in moved]),
        moving=np.concatenate([each.moving for each in moved]),
        entries=np.concatenate([each.entries for each in moved]),
        before=_stacked([each.before for each in moved], NOWHERE),
        costs=_stacked([each.costs for each in moved], -math.inf),
        hubs=_stacked([each.hubs for each in moved], NOWHERE),
        tolls=_stacked([each.tolls for each in moved], -math.inf),
        starts=np.concatenate([each.starts for each in moved]),
        ends=tuple(ends for each in moved for ends in each.ends),
    )


def _renumbered(network: Network, first: int, first_hub: int) -> Network:
    """Return a network whose states and hubs are numbered from these on."""
    known, before = len(network.sounds), network.before
    raised = np.where(before < known, before + first, before - known + first_hub)
    return replace(
        network,
        entries=network.entries + first,
        before=np.where(before == NOWHERE, NOWHERE, raised),
        hubs=np.where(network.hubs == NOWHERE, NOWHERE, network.hubs + first),
        starts=network.starts + first,
        ends=tuple(tuple((state + first, leave) for state, leave in each) for each in network.ends),
    )


def _stacked(tables: Sequence[NDArray[T]], filling: float) -> NDArray[T]:
    """Put tables `[rows, ways]` one below the other, the narrower ones filled up."""
    most = max(each.shape[1] for each in tables)
    wide = [((0, 0), (0, most - each.shape[1])) for each in tables]
    padded = [
        np.pad(each, width, constant_values=filling)
        for each, width in zip(tables, wide, strict=True)
    ]
    return np.concatenate(padded)
