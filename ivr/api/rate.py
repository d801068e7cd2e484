"""How fast one key may ask: a token bucket for each, in this process."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

KEYS_MAX = 10_000
"""Buckets that are kept; whose is dropped, longest not used, has a full one again."""


@dataclass(slots=True)
class _Bucket:
    left: float
    at_s: float


class RateLimit:
    """A bucket of `burst` requests for each key, refilled by `per_second`.

    `clock` is monotonic, in seconds.
    """

    def __init__(self, per_second: float, burst: int, clock: Callable[[], float]) -> None:
        self._per_second = per_second
        self._burst = burst
        self._clock = clock
        self._buckets: OrderedDict[UUID, _Bucket] = OrderedDict()

    def take(self, key: UUID) -> int | None:
        """Take one request out of the key's bucket, or say in how many whole seconds to retry."""
        now_s = self._clock()
        bucket = self._buckets.setdefault(key, _Bucket(float(self._burst), now_s))
        self._buckets.move_to_end(key)
        if len(self._buckets) > KEYS_MAX:
            self._buckets.popitem(last=False)
        refilled = bucket.left + (now_s - bucket.at_s) * self._per_second
        bucket.left, bucket.at_s = min(float(self._burst), refilled), now_s
        if bucket.left < 1:
            return max(1, math.ceil((1 - bucket.left) / self._per_second))
        bucket.left -= 1
        return None
