"""Real voices: how many beginnings and ends are found within 150 ms. Skipped without the corpus."""

from __future__ import annotations

import csv
import io
import tarfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.audio import Listener, ListeningLimits
from engine.types import TELEPHONE_RATE_HZ, Samples
from tests.unit.engine.audio.synthetic import as_pcm, at_level, noise

CORPUS = Path(__file__).resolve().parents[4].parent / "shared" / "corpus"
CLIPS = 60
FRAME = 160
TOLERANCE_S = 0.15

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not CORPUS.is_dir(), reason="no speech corpus in ../shared/corpus"),
]


@cache
def clips() -> list[Samples]:
    """Every so many of the dev clips, each cut to its loud part, so that the ends are known."""
    with (CORPUS / "manifest.tsv").open(newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    chosen = [row for row in rows if row["corpus"] == "an4" and float(row["seconds"]) < 4.0]
    step = len(chosen) // CLIPS
    with tarfile.open(CORPUS / chosen[0]["shard"]) as shard:
        return [loud_part(read(shard, row["member"])) for row in chosen[: step * CLIPS : step]]


def read(shard: tarfile.TarFile, member: str) -> Samples:
    """Decode one clip: float32 `[n]` at 8 kHz."""
    packed = shard.extractfile(member)
    assert packed is not None
    samples, rate_hz = soundfile.read(io.BytesIO(packed.read()), dtype="float32")
    assert rate_hz == TELEPHONE_RATE_HZ
    return np.asarray(samples, np.float32)


def loud_part(samples: Samples) -> Samples:
    """Cut where speech is surely going on: three frames in a row within 15 dB of the loudest."""
    frames = len(samples) // FRAME
    powers = np.mean(samples[: frames * FRAME].reshape(frames, FRAME) ** 2, axis=1)
    loud = powers > np.percentile(powers, 95) * 10.0**-1.5
    steady = np.flatnonzero(loud[:-2] & loud[1:-1] & loud[2:])
    return samples[steady[0] * FRAME : (steady[-1] + 3) * FRAME]


def errors_s(clip: Samples, level_dbfs: float, noise_dbfs: float) -> tuple[float, float] | None:
    """How late the beginning and the end are found, in seconds; None where nobody is heard."""
    around = np.zeros(TELEPHONE_RATE_HZ, np.float32)
    line = np.concatenate([around, at_level(clip, level_dbfs), around])
    listener = Listener(ListeningLimits(end_silence_s=0.9, least_speech_s=0.0))
    listener.push(as_pcm(line + noise(len(line) / TELEPHONE_RATE_HZ, noise_dbfs)))
    began_s, ended_s = listener.speech_began_at_s, listener.speech_ended_at_s
    if began_s is None or ended_s is None:
        return None
    return began_s - 1.0, ended_s - 1.0 - len(clip) / TELEPHONE_RATE_HZ


@pytest.mark.parametrize(
    ("level_dbfs", "noise_dbfs"),
    [(-20.0, -65.0), (-20.0, -45.0), (-45.0, -65.0), (0.0, -60.0)],
    ids=["usual", "noisy", "quiet", "clipping"],
)
def test_real_voices_are_found(level_dbfs: float, noise_dbfs: float) -> None:
    """Nine of ten beginnings and ends are within 150 ms, and nobody goes unheard."""
    found = [errors_s(clip, level_dbfs, noise_dbfs) for clip in clips()]
    heard = np.array([pair for pair in found if pair is not None])
    assert len(heard) == len(found) == CLIPS
    onsets, ends = np.mean(np.abs(heard) <= TOLERANCE_S, axis=0)
    assert onsets >= 0.9
    assert ends >= 0.9
