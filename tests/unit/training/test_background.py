"""What a model makes of people in general, from simulated calls."""

import json
from pathlib import Path

import numpy as np
import pytest

from engine.decision.background import Background

from . import needs  # noqa: F401  # isort: skip
from engine.training.background import main
from engine.training.cache import decode
from tests.unit.engine.voice.models import CARD


def test_training_speakers_become_a_background(corpus: Path, tmp_path: Path) -> None:
    """Eight made-up speakers make one centroid, of the length of the model's embeddings."""
    decode(corpus, tmp_path / "cache", workers=1)
    out = tmp_path / "background.npz"
    arguments = [str(CARD), "--cache", str(tmp_path / "cache"), "--out", str(out), "--calls", "2"]
    assert main(arguments) == 0
    found = Background.load(out)
    dim = json.loads(CARD.read_text())["dim"]
    assert found.cohort.shape == (1, dim)
    assert np.trace(found.within) > 0


def test_a_cache_that_is_not_there_is_a_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 2 and a line that says what to do."""
    arguments = [str(CARD), "--cache", str(tmp_path), "--out", str(tmp_path / "x.npz")]
    assert main(arguments) == 2
    assert "decode a corpus" in capsys.readouterr().err
