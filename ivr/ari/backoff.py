"""How long to wait before the next try to connect: capped exponential, with full jitter.

After Marc Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015): the jitter
keeps a fleet of workers from knocking all at once at an Asterisk that has just come back.
"""

from __future__ import annotations

import random
from collections.abc import Callable

BASE_S = 0.1
CAP_S = 5.0

Backoff = Callable[[int], float]
"""Seconds to wait before try `n`, where the first is 0."""


def full_jitter(tries: int, *, draw: Callable[[], float] = random.random) -> float:
    """Return a wait in seconds between 0 and min(5, 0.1 * 2**tries); `draw` gives [0, 1)."""
    return draw() * min(CAP_S, BASE_S * 2.0 ** min(tries, 16))
