"""The demo is what the README promises: every call ends as announced, and the table says so."""

from __future__ import annotations

import os

import pytest

from ivr.lab import LabError
from ivr.lab.asterisk import AsteriskProgram
from ivr.lab.demo import demonstrate
from ivr.lab.speech import synthetic

pytestmark = [pytest.mark.asterisk, pytest.mark.long]


@pytest.fixture
def voices() -> None:
    """The demo's synthetic voices; skips, with the reason, where they cannot be had."""
    try:
        synthetic("slt").say("Hello.", take=0)
    except LabError as lack:
        if "CI" in os.environ:
            raise
        pytest.skip(f"no voices: {lack}")


async def test_the_demo_ends_as_announced(
    asterisk_program: AsteriskProgram, voices: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """Seven real calls: from the enrollment over a recording played again to the fallback."""
    assert await demonstrate(None, stay=False) == 0
    shown = capsys.readouterr().out
    for word in ("ENROLLED", "ACCEPT", "REJECT", "WRONG_PHRASE", "SPOOF_SUSPECTED", "UNAVAILABLE"):
        assert word in shown
    assert shown.count("as announced") == 7
