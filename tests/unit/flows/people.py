"""People for the flow tests: amplitude is voice, and length is how much they say."""

from __future__ import annotations

import numpy as np

from engine.types import TELEPHONE_RATE_HZ, Pcm

ALICE, NEARLY_ALICE, MALLORY, DIN = 1_000, 1_400, 2_500, 30_000
ECHO = 400
"""-38 dBFS: a prompt that a two-wire line sends back."""


def speech(who: int, seconds: float = 1.5) -> Pcm:
    """Return so much speech of one person, int16 `[n]` at 8 kHz."""
    return np.full(round(seconds * TELEPHONE_RATE_HZ), who, np.int16)
