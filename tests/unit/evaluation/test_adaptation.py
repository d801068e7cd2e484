"""Adapting to a site's own calls."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.decision.calibrate import calibration
from engine.decision.calibration import Calibration
from engine.decision.trials import CallTakes, trials
from engine.evaluation import adaptation
from engine.evaluation.adaptation import BEFORE, CONDITIONS, SITE, TooFewCallsError, adapted, usable
from engine.evaluation.labelled_calls import labelled_calls, pieces
from engine.evaluation.recordings import CorpusError
from tests.unit.evaluation.calls import MODEL, calls

NAMES = ("1", "2", "3")
ELSEWHERE = calls(30, 2, NAMES, noise=0.5, seed=8)
BEFORE_CARD = calibration(trials(ELSEWHERE, CONDITIONS[:1]), "made up", 1)
HERE = calls(18, 2, NAMES, noise=0.9)


def test_a_site_with_worse_lines_gets_a_calibration_of_its_own() -> None:
    """Its Llrs are to be believed where those of better lines were not."""
    found = adapted(HERE, Calibration(MODEL, BEFORE_CARD), replicates=20)
    rows = {row.name: row for row in found.rows}
    assert found.kept == SITE
    assert rows[SITE].cllr.value < rows[BEFORE].cllr.value
    assert found.calibration.version == 2
    assert "18 speakers" in found.calibration.fitted_with
    assert astuple(found.calibration.weights) != astuple(BEFORE_CARD.weights)


def test_a_model_that_was_never_calibrated_gets_its_first() -> None:
    """As one that was pulled: there is no before to compare with, and the site's is kept."""
    found = adapted(HERE, None, replicates=3)
    assert [row.name for row in found.rows] == [found.kept] == [SITE]
    assert found.calibration.version == 1


def test_few_people_make_no_cohort() -> None:
    """It is tried from a hundred people on."""
    assert len(adapted(HERE, Calibration(MODEL, BEFORE_CARD), 3).rows) == 2


def test_many_people_make_a_cohort_that_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here with the bound lowered; it is measured on people who are not in it."""
    monkeypatch.setattr(adaptation, "FEWEST_MEMBERS", 1)
    found = adapted(HERE, Calibration(MODEL, BEFORE_CARD), 3)
    assert [row.name for row in found.rows] == [BEFORE, SITE, adaptation.SITE_COHORT]


@pytest.mark.parametrize(
    "given",
    [
        calls(10, 3, NAMES),
        calls(40, 1, NAMES),
        [CallTakes(n % 20, {}) for n in range(60)],
        [],
    ],
)
def test_too_little_is_refused_with_what_is_needed(given: list[CallTakes]) -> None:
    """Too few speakers, one call each, or nothing that can be heard."""
    with pytest.raises(TooFewCallsError, match="at least 15 speakers with two usable calls"):
        adapted(given, Calibration(MODEL, BEFORE_CARD), 3)


def test_of_many_calls_two_of_each_speaker_come_first() -> None:
    """However many there are, what is compared holds both kinds of trial."""
    everyone = usable([*calls(40, 5, ("1",)), CallTakes(99, calls(1, 1, ("1",))[0].takes)])
    assert sorted(call.speaker for call in everyone[:80]) == sorted([*range(40)] * 2)
    assert everyone[-1].speaker == 40


def speech(seconds: float, pauses: int) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    """Silence alone: what a call is without anybody."""
    return np.zeros(int(8000 * seconds * (pauses + 1)), np.int16)


def test_a_call_without_speech_has_no_pieces() -> None:
    """Silence is nobody's voice."""
    assert list(pieces(speech(1.0, 1))) == []


def test_a_folder_and_a_table_name_the_same_calls(tmp_path: Path) -> None:
    """One subfolder per speaker and one file per call, or lines that say so."""
    for speaker in ("ann", "bob"):
        (tmp_path / "calls" / speaker).mkdir(parents=True)
        for call in ("1.wav", "2.wav"):
            soundfile.write(tmp_path / "calls" / speaker / call, speech(1.0, 0), 8000)
    table = tmp_path / "calls.tsv"
    found = labelled_calls(tmp_path / "calls")
    lines = [f"{c.speaker}\t{c.name}\tcalls/{c.speaker}/{c.name}\n" for c in found]
    table.write_text("speaker\tcall\tfile\n" + "".join(lines))
    assert labelled_calls(table) == found
    assert [(call.speaker, call.name) for call in found][:2] == [("ann", "1.wav"), ("ann", "2.wav")]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("speaker\tfile\n", "lacks the columns call"), ("speaker\tcall\tfile\na\t\tb\n", "line 2")],
)
def test_a_broken_table_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    """With what is missing, and where."""
    (tmp_path / "calls.tsv").write_text(text)
    with pytest.raises(CorpusError, match=complaint):
        labelled_calls(tmp_path / "calls.tsv")


def test_an_empty_folder_says_what_belongs_there(tmp_path: Path) -> None:
    """A subfolder per speaker, or a table."""
    with pytest.raises(CorpusError, match="one subfolder per speaker"):
        labelled_calls(tmp_path)
