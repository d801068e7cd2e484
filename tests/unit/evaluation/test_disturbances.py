"""The report on tones, music and second talkers: what is made is heard, and sources are drawn."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.evaluation import disturbances, unwanted
from engine.evaluation.disturbances import run
from engine.evaluation.recordings import Recording
from engine.types import TELEPHONE_RATE_HZ
from tests.unit.evaluation.test_phrases import made_corpus

SPEECH_S = 2.0
MADE = 16
PIECE_S = 31


def test_what_is_made_is_heard_and_a_piece_of_music_counts_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two pieces, of each four excerpts: sure of two, not of eight."""
    monkeypatch.setattr(disturbances, "MADE", MADE)
    corpus, music = tmp_path / "corpus", tmp_path / "music"
    corpus.mkdir()
    music.mkdir()
    made_corpus(corpus, [_recording(f"p{number}") for number in range(12)])
    random = np.random.default_rng(7)
    for name in ("a.wav", "b.wav"):
        piece = unwanted.on_the_line(unwanted.music(PIECE_S, random), random)
        soundfile.write(music / name, piece, TELEPHONE_RATE_HZ, "PCM_16")
    report = run(argparse.Namespace(corpus=corpus, audio=music, replicates=50))
    found = {each["name"]: each for each in report.figures}
    for made in ("tones: dial, busy, ringing, fax, 1 s", "tones: a key, 80 ms", "music: made, 3 s"):
        assert (found[made]["value"], found[made]["total"]) == (1.0, MADE)
    assert found["tones: false alarms on speech"]["value"] == 0.0
    files = found["music: files of --audio"]
    assert (files["value"], files["total"]) == (1.0, 8)
    assert 0.1 < files["low"] < 0.2
    assert "music: files of --audio" in report.text


def _recording(speaker: str) -> Recording:
    member = f"{speaker}.flac"
    return Recording("dev", "x", speaker, "1", "en", "p", "hello", "", "one.tar", member, SPEECH_S)
