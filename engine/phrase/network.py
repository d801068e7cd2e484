"""What may have been said, as states to go through: strings of words, or any phones."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from engine.phrase.phones import HALVES, PHONES, SILENCE, PhoneModel
from engine.phrase.spectra import Floats, Numbers

NO_WORD: Final = -1
"""Where there is silence."""
ASIDE: Final = -2
"""Where there is other speech, before a string or after it."""

_WORD: Final = math.log(0.5)
"""Cost of a word, in nats."""
_PAUSE: Final = math.log(0.1)
"""Cost of a pause between words."""
_PHONE: Final = -3.0
"""Cost of a phone among any phones."""
_ASIDE: Final = -10.0
"""Cost of other speech before a string or after it, and of each of its frames."""
_ASIDE_FRAME: Final = -0.5

Slots = Sequence[Collection[str]]
"""A string: for each of its places the words that may stand there."""
Pronunciations = Mapping[str, tuple[tuple[str, ...], ...]]
"""Of each word, as phones."""

NOWHERE: Final = -1
"""Where there are fewer ways than a table has room for."""
_Way = tuple[int, float]
"""The state that one comes from, or a hub as `_hub`, and the log probability of coming."""


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Strings side by side, none of which leads into another.

    A state leads on to itself, and to the next unless that is an entry. An entry is also reached
    from what its row of `before` names: states and, numbered on behind them, hubs. A hub stands for
    the best of the states that lead to it, and takes no time.
    """

    sounds: Numbers
    """What is heard in each state: the number of a half of a phone, `[states]`."""
    words: Numbers
    """The place in its string that a state is a part of, `[states]`, or `NO_WORD` or `ASIDE`. Among
    any phones it is the number of the phone."""
    staying: Floats
    moving: Floats
    """Log probabilities `[states]`: of staying, and of coming from the state before."""
    entries: Numbers
    """States, `[entries]`, in rising order."""
    before: Numbers
    """`[entries, ways]`; `NOWHERE` where there are fewer ways."""
    costs: Floats
    """`[entries, ways]`: log probabilities of these ways."""
    hubs: Numbers
    """States that lead to a hub, `[hubs, ways]`."""
    tolls: Floats
    """`[hubs, ways]`: log probabilities of leading there."""
    starts: Numbers
    """States that the first frame may be in."""
    ends: tuple[tuple[tuple[int, float], ...], ...]
    """For each string the states that it may end in, and the log probability of ending."""


@dataclass(slots=True)
class _Draft:
    """A network that is being written."""

    model: PhoneModel
    sounds: list[int] = field(default_factory=list)
    words: list[int] = field(default_factory=list)
    staying: list[float] = field(default_factory=list)
    moving: list[float] = field(default_factory=list)
    ways: dict[int, list[_Way]] = field(default_factory=dict)
    hubs: list[list[_Way]] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    ends: list[tuple[_Way, ...]] = field(default_factory=list)

    def chain(
        self, phones: Sequence[str], word: int, before: Sequence[_Way], due: float = 0.0
    ) -> _Way:
        """Add phones one after the other, reached by these ways; return the way out.

        Each frame of it costs `due`.
        """
        self.ways[len(self.sounds)] = _dearer(before, due)
        leave = -math.inf
        for phone in phones:
            first = HALVES * PHONES.index(phone)
            stay, on = self.model.onward[first : first + HALVES].T.tolist()
            self.sounds += range(first, first + HALVES)
            self.words += [word] * HALVES
            self.staying += [each + due for each in stay]
            self.moving += [each + due for each in [leave, *on[:-1]]]
            leave = on[-1]
        return len(self.sounds) - 1, leave

    def pause(self, before: Sequence[_Way]) -> _Way:
        """Add silence."""
        return self.chain([SILENCE], NO_WORD, before)

    def string(
        self, slots: Slots, said: Pronunciations, again: bool
    ) -> tuple[list[int], list[_Way]]:
        """Add a string, with silence wherever there may be some.

        Returns what it may begin with, silence first, and its ways out.
        """
        first = len(self.sounds)
        ways = _dearer([self.pause([])], _PAUSE)
        firsts: list[int] = []
        for place, slot in enumerate(slots):
            known = len(self.ways)
            left = [
                self.chain(phones, place, _dearer(ways, _WORD))
                for word in sorted(slot)
                for phones in said[word]
            ]
            firsts = firsts or list(self.ways)[known:]
            ways = [*left, self.pause(_dearer(left, _PAUSE))]
        for entry in firsts if again else ():
            self.ways[entry] += _dearer(ways, _WORD)
        return [first, *firsts], ways

    def any_phones(
        self, before: Sequence[_Way] = (), word: int | None = None, due: float = 0.0
    ) -> tuple[list[int], _Way]:
        """Add a loop of any phones, each a `word` of its own unless that is given.

        Returns what it may begin with, and the hub behind it.
        """
        known, hub = len(self.ways), _hub(len(self.hubs))
        self.hubs.append([])
        ways = [*before, (hub, _PHONE)]
        self.hubs[_hub(hub)] = [
            self.chain(
                [name],
                NO_WORD if name == SILENCE else number if word is None else word,
                ways,
                due,
            )
            for number, name in enumerate(PHONES)
        ]
        return list(self.ways)[known:], (hub, 0.0)

    def aside(self, before: Sequence[_Way] = ()) -> tuple[list[int], _Way]:
        """Add other speech."""
        return self.any_phones(before, ASIDE, _ASIDE_FRAME)

    def through(self, hub: _Way) -> list[_Way]:
        """Return the ways that lead through a hub."""
        number, cost = hub
        return _dearer(self.hubs[_hub(number)], cost)

    def whole(self) -> Network:
        """Return what was written."""
        before, costs = _table(self.ways.values())
        hubs, tolls = _table(self.hubs)
        # From what stands for a hub to a number behind those of the states.
        behind = before < NOWHERE
        before[behind] = len(self.sounds) + NOWHERE - 1 - before[behind]
        return Network(
            sounds=np.array(self.sounds, np.int64),
            words=np.array(self.words, np.int64),
            staying=np.array(self.staying, np.float32),
            moving=np.array(self.moving, np.float32),
            entries=np.array(list(self.ways), np.int64),
            before=before,
            costs=costs,
            hubs=hubs,
            tolls=tolls,
            starts=np.array(self.starts, np.int64),
            ends=tuple(self.ends),
        )


def strings(
    model: PhoneModel,
    wanted: Sequence[Slots],
    said: Mapping[str, tuple[str, ...]],
    *,
    again: bool = False,
    aside: bool = False,
) -> Network:
    """Make a network of strings of words, `said` as the phones of a pronunciation, space between.

    `again`: the string may be said several times over. `aside`: other speech may come before it and
    after it.
    """
    draft = _Draft(model)
    phones = {word: tuple(tuple(each.split()) for each in ways) for word, ways in said.items()}
    before: list[_Way] = []
    if aside:
        draft.starts, hub = draft.aside()
        before = _dearer([hub], _ASIDE)
    for slots in wanted:
        firsts, ways = draft.string(slots, phones, again)
        draft.starts += firsts
        for entry in firsts:
            draft.ways[entry] += before
        if aside:
            _, hub = draft.aside(_dearer(ways, _ASIDE))
            ways += draft.through(hub)
        draft.ends.append(tuple(ways))
    return draft.whole()


def any_phones(model: PhoneModel) -> Network:
    """Make a network of any phones in any order, silence among them: one string."""
    draft = _Draft(model)
    draft.starts, hub = draft.any_phones()
    draft.ends.append(tuple(draft.through(hub)))
    return draft.whole()


def _dearer(ways: Sequence[_Way], cost: float) -> list[_Way]:
    return [(state, each + cost) for state, each in ways]


def _hub(number: int) -> int:
    """Return what stands for a hub among states while a network is written, or the hub again."""
    return NOWHERE - 1 - number


def _table(rows: Collection[Sequence[_Way]]) -> tuple[Numbers, Floats]:
    """Return states and costs, `[rows, ways]`."""
    most = max((len(each) for each in rows), default=1)
    padded = [[*each, *[(NOWHERE, -math.inf)] * (most - len(each))] for each in rows]
    states = [[state for state, _ in each] for each in padded]
    costs = [[cost for _, cost in each] for each in padded]
    shape = (len(rows), most)
    return np.array(states, np.int64).reshape(shape), np.array(costs, np.float32).reshape(shape)
