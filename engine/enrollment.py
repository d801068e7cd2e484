"""Enrollment: whether a person's recordings sound like one person."""

from __future__ import annotations

from collections.abc import Sequence

from engine.decision.calibration import Calibration
from engine.types import Voiceprint

EVEN_ODDS_LLR = 0.0
"""Below it another speaker is the better explanation. Recordings of one call share the line, so
an honest enrollment lies far above; what falls below is another voice or a spoilt recording."""


def consistent(
    voiceprint: Voiceprint, others: Sequence[Voiceprint], calibration: Calibration
) -> bool:
    """Say whether a new recording sounds like the person's others; the first one always does.

    `ModelMismatchError` where the recordings are not all of the calibration's model.
    """
    if not others:
        return True
    llr = calibration.weigh(voiceprint.embedding, voiceprint.quality, others)
    return llr >= EVEN_ODDS_LLR
