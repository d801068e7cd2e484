"""The acoustic model is read whole, turned as told, and named where it is broken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pocketsphinx
import pytest

from engine.errors import RecogniserError
from engine.phrase.acoustics import Senones, Telephone, original, telephone_model, turned
from engine.phrase.cepstra import Line, cepstra, features, frames_in
from engine.phrase.sphinx_files import read_definition, read_gaussians, read_transitions
from engine.types import Pcm

MODEL = Path(pocketsphinx.get_model_path("en-us/en-us"))
RANDOM = np.random.default_rng(11)


def noise(seconds: float, loudness: float = 0.1) -> Pcm:
    """White noise."""
    made = RANDOM.standard_normal(round(16_000 * seconds)) * loudness * 32_768
    return np.clip(made, -32_768, 32_767).astype(np.int16)


def test_what_comes_along_is_read_whole() -> None:
    """Forty-two phones with three states each; transitions and mixtures are probabilities."""
    definition = read_definition(MODEL / "mdef")
    assert definition.alone.shape == (42, 3)
    assert "SIL" in definition.phones
    assert np.allclose(read_transitions(MODEL / "transition_matrices").sum(axis=2), 1.0)
    assert np.allclose(telephone_model().weights.sum(axis=1), 1.0, atol=1e-4)
    assert definition.sequences.max() < telephone_model().weights.shape[2]


@pytest.mark.parametrize("content", [b"", b"s3\nendhdr\n", b"s3\nendhdr\n\x11\x22\x33\x44" * 3])
def test_a_broken_file_is_named(content: bytes, tmp_path: Path) -> None:
    """With what to do about it."""
    path = tmp_path / "means"
    path.write_bytes(content)
    for read in (read_gaussians, read_definition):
        with pytest.raises(RecogniserError, match=r"means is not as PocketSphinx.*install"):
            read(path)


def test_a_turn_that_changes_nothing_leaves_the_model() -> None:
    """The map is an offset and a matrix, the factors multiply."""
    means, variances = original()
    width = means.shape[3]
    still = np.hstack([np.zeros((width, 1)), np.eye(width)])
    kept = Telephone([still.tolist()] * 3, [[2.0] * width] * 3)
    same, wider = turned(means, variances, kept)
    assert np.allclose(same, means, atol=1e-4)
    assert np.allclose(wider, 2 * variances)


def test_likelihoods_are_those_of_the_mixture() -> None:
    """Against the sum over all Gaussians of a codebook, in double precision."""
    model = telephone_model()
    found = RANDOM.standard_normal((4, 39)).astype(np.float32)
    wanted = [5, 4711, 100]
    senones = Senones.of(model, wanted)
    got = senones.likelihoods(found)[:, senones.columns(np.array(wanted))]
    for column, senone in enumerate(wanted):
        total = np.zeros(4)
        for stream, each in enumerate(np.split(found.astype(np.float64), 3, axis=1)):
            at = (stream, int(model.codebook[senone]))
            logs = np.hstack([each, each**2]) @ model.slopes[at] + model.offsets[at]
            total += np.log(np.exp(logs) @ model.weights[stream, :, senone])
        assert np.allclose(got[:, column], total, rtol=1e-3)


def test_how_loud_a_line_is_makes_no_difference() -> None:
    """A tenth as loud, the same cepstra."""
    loud = noise(1.0)
    quiet = np.rint(loud / 10).astype(np.int16)
    lines = [Line.of(each) for each in (loud, quiet)]
    found = [
        cepstra(pcm, line.gain, 0) - line.means
        for pcm, line in zip((loud, quiet), lines, strict=True)
    ]
    assert np.abs(found[0] - found[1]).mean() < 0.1
    assert not lines[0].silent


def test_frames_are_counted_as_they_are_made() -> None:
    """For any number of samples; changes need three frames to either side."""
    for samples in (0, 1, 410, 411, 570, 571, 1000, 5000):
        pcm = noise(1.0)[:samples]
        assert len(cepstra(pcm, 1.0, 0)) == frames_in(samples)
    assert features(np.zeros((10, 13))).shape == (4, 39)


def test_silence_is_silent() -> None:
    """Nothing at all, or next to nothing, is no speech."""
    assert Line.of(np.zeros(0, np.int16)).silent
    assert Line.of(np.zeros(16_000, np.int16)).silent
    assert Line.of(np.full(16_000, 3, np.int16)).silent
