"""The score of the contract, in [0, 1]: where evidence stands against what must be reached.

Half is exactly the operating point: what is accepted has 0.5 or more and what is rejected less, so
that a program which compares the score with 0.5 decides as Countersign does. One that wants to be
surer compares with more: 0.5 + x asks for ln((0.5 + x) / (0.5 - x)) of evidence beyond the point.
"""

from __future__ import annotations

import math
from typing import Final

from engine.types import Llr

_DIGITS: Final = 4
_JUST_BELOW_HALF: Final = 0.5 - 10**-_DIGITS


def score_of(llr: Llr | None, threshold: Llr | None) -> float:
    """Return the logistic of the evidence beyond the threshold; 0 for none, or what is no number.

    Rounding never lifts what is below the threshold to half.
    """
    if llr is None or threshold is None or not math.isfinite(llr - threshold):
        return 0.0
    beyond = llr - threshold
    score = round(0.5 * (1 + math.tanh(beyond / 2)), _DIGITS)
    return score if beyond >= 0 else min(score, _JUST_BELOW_HALF)
