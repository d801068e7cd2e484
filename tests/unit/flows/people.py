"""People for the flow tests: amplitude is voice, and length is how much they say."""

from __future__ import annotations

from itertools import count

import numpy as np

from engine.types import TELEPHONE_RATE_HZ, Pcm

ALICE, NEARLY_ALICE, MALLORY, DIN = 2_000, 2_400, 3_500, 30_000
ECHO = 400
"""-38 dBFS: a prompt that a two-wire line sends back."""
OTHER_WORDS, MUMBLED = 1, 2
"""What an amplitude's last digit makes of the words; 0: those that were asked for."""

_takes = count(1)


def speech(who: int, seconds: float = 1.5, said: int = 0) -> Pcm:
    """Return so much speech of one person, int16 `[n]` at 8 kHz, as nobody says it twice."""
    spoken = np.full(round(seconds * TELEPHONE_RATE_HZ), who + said, np.int16)
    spoken[np.flatnonzero([digit == "1" for digit in f"{next(_takes):b}"[::-1]])] -= 10
    return spoken
