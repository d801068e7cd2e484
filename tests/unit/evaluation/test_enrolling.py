"""The report on enrollment: who could not be enrolled, and why."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

import pytest

from engine.decision.calibration import Calibration
from engine.decision.trials import CallTakes
from engine.enrollment import SpeechMinimums
from engine.evaluation.enrolling import WAYS, Way, report, run, tried
from engine.evaluation.recordings import CorpusError
from engine.types import Voiceprint
from tests.unit.engine.decision.conftest import calibrated, voiceprint

PASSPHRASE = WAYS["passphrase"]
FREE = Way(SpeechMinimums().rules, PASSPHRASE.takes)


@pytest.fixture
def calibration() -> Calibration:
    """Cosines near 1 are one voice, those below 0.4 are not."""
    return calibrated()


def call(speaker: int = 0, seconds: float = 2.0, **odd: float) -> CallTakes:
    """A call in which every take sounds alike, but for those at another angle."""
    takes: dict[str, Voiceprint] = {name: voiceprint(0.0, seconds) for name in PASSPHRASE.takes}
    takes |= {name.replace("_", " "): voiceprint(angle) for name, angle in odd.items()}
    return CallTakes(speaker, takes)


def test_three_takes_that_agree_are_an_enrollment(calibration: Calibration) -> None:
    """And one odd take is made up for by another."""
    assert tried(call(), PASSPHRASE, calibration).enrolled
    assert tried(call(words_34=2.0), PASSPHRASE, calibration).enrolled


def test_poor_takes_fail(calibration: Calibration) -> None:
    """Two good ones are no enrollment; the reason says so."""
    poor = replace(call(), takes={"words 12": voiceprint(0.0), "words 34": voiceprint(0.0)})
    found = tried(poor, PASSPHRASE, calibration)
    assert (found.enrolled, found.why) == (False, "poor or absent")


def test_voices_that_never_agree_fail(calibration: Calibration) -> None:
    """Each take another person's."""
    angles = dict(zip(PASSPHRASE.takes, (0.0, 1.5, 3.0, 4.5, 6.0), strict=True))
    mixed = CallTakes(0, {name: voiceprint(angle) for name, angle in angles.items()})
    found = tried(mixed, PASSPHRASE, calibration)
    assert (found.enrolled, found.why) == (False, "inconsistent")


@pytest.mark.parametrize(("seconds", "enrolled"), [(4.5, True), (3.0, False)])
def test_free_speech_needs_twenty_seconds(
    seconds: float, enrolled: bool, calibration: Calibration
) -> None:
    """Five takes together."""
    found = tried(call(seconds=seconds), FREE, calibration)
    assert (found.enrolled, found.why) == (enrolled, "" if enrolled else "too little speech")


def test_the_rate_is_counted_by_call(calibration: Calibration) -> None:
    """One of four fails; JSON can hold it."""
    calls = [call(n, 4.5) for n in range(3)] + [CallTakes(3, {})]
    found = report(calls, calibration, replicates=50)
    assert [each["fte"]["value"] for each in found.figures] == [0.25]
    assert all(0 <= each["fte"]["low"] <= 0.25 <= each["fte"]["high"] for each in found.figures)
    assert "poor or absent: 1" in found.text
    assert json.loads(json.dumps(found.figures)) == found.figures


def test_a_corpus_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """Rather than reporting that nobody could be enrolled."""
    with pytest.raises(CorpusError, match="cannot be heard"):
        run(argparse.Namespace(corpus=tmp_path, model=None, replicates=10))
