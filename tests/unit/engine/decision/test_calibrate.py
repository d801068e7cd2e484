"""The calibrating command, from a corpus to the card."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from engine.decision.calibrate import main
from engine.voice.card import read_card
from tests.unit.engine.voice.models import MODELS, copied_model

CORPUS = MODELS.parents[3] / "shared" / "corpus"
CALLS, SPEAKERS = 2, 7


def test_an_absent_corpus_leaves_the_card_as_it_was(tmp_path: Path) -> None:
    """The status says that nothing was calibrated."""
    card_path = copied_model(tmp_path)
    before = card_path.read_bytes()
    assert main([str(card_path), str(tmp_path / "nowhere")]) == 1
    assert card_path.read_bytes() == before


def test_a_corpus_without_telephone_calls_is_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """There is nothing to learn from, and the message says what is missing."""
    (tmp_path / "manifest.tsv").write_text("split\tspeaker\ntrain\tsomeone\n")
    assert main([str(copied_model(tmp_path)), str(tmp_path)]) == 1
    assert "no calls of split dev-telephone" in caplog.text


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.exists(), reason="needs the licensed speech corpus")
def test_real_calls_calibrate_a_model(tmp_path: Path) -> None:
    """A few speakers with two calls each are enough to write the next version of the card."""
    card_path = copied_model(tmp_path, calibration=None, calibration_by_parts=None)
    assert main([str(card_path), str(_few_calls(tmp_path / "corpus"))]) == 0
    card = read_card(card_path)
    found, by_parts = card.calibration, card.calibration_by_parts
    assert found is not None
    assert by_parts is not None
    assert (by_parts.version, by_parts.speakers) == (1, SPEAKERS)
    assert (found.version, found.speakers) == (1, SPEAKERS)
    assert found.target_trials > 0.7 * 7 * SPEAKERS * CALLS
    assert found.min_cllr < 0.9


def _few_calls(folder: Path) -> Path:
    """A corpus of the first speakers that have exactly two calls."""
    folder.mkdir()
    with (CORPUS / "manifest.tsv").open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines, delimiter="\t") if "telephone" in row["split"]]
    calls = Counter(speaker for speaker, _ in {(row["speaker"], row["session"]) for row in rows})
    chosen = sorted(speaker for speaker, count in calls.items() if count == CALLS)[:SPEAKERS]
    rows = [row for row in rows if row["speaker"] in chosen]
    with (folder / "manifest.tsv").open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, rows[0].keys(), delimiter="\t")
        writer.writeheader()
        writer.writerows(rows)
    for shard in {row["shard"] for row in rows}:
        (folder / shard).symlink_to(CORPUS / shard)
    return folder
