"""Free speech in pieces: what they come to together."""

from __future__ import annotations

from engine.types import Quality
from ivr.flows.rules import FreeSpeechRules
from ivr.flows.turns import overall


def test_pieces_that_are_the_very_minimum_are_enough() -> None:
    """Whole windows of 32 ms: as floating-point seconds their sum falls a little short of 4."""
    pieces = [Quality(windows * 0.032, 30.0, -20.0, 0.0) for windows in (13, 31, 5, 36, 13, 27)]
    assert overall(pieces).net_speech_s >= FreeSpeechRules().verify_s
