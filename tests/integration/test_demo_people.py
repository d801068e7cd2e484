"""The demo with recordings of real people: every call ends as announced."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.lab.asterisk import AsteriskProgram
from ivr.lab.demo import demonstrate

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.corpus,
    pytest.mark.skipif(not (CORPUS / "manifest.tsv").exists(), reason=f"no corpus in {CORPUS}"),
    pytest.mark.long,
]


async def test_the_demo_with_real_people_ends_as_announced(
    asterisk_program: AsteriskProgram, capsys: pytest.CaptureFixture[str]
) -> None:
    """They say sentences of their own, so nothing is told of another phrase."""
    assert await demonstrate(CORPUS, stay=False) == 0
    shown = capsys.readouterr().out
    assert shown.count("as announced") == 6
    assert "WRONG_PHRASE" not in shown
