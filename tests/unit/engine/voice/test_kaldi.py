"""Kaldi's filter bank: ours against kaldi-native-fbank, on noise like speech and on real speech."""

from __future__ import annotations

import csv
import io
import tarfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import kaldi_native_fbank
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from engine.audio.resample import upsample
from engine.errors import AudioError
from engine.types import ENGINE_RATE_HZ, Samples, Utterance
from engine.voice.features import KaldiFeatures
from engine.voice.frontend import LONGEST_S
from engine.voice.kaldi import KaldiBank
from tests.unit.engine.voice.models import MODELS, kaldi_features

CORPUS = MODELS.parents[3] / "shared" / "corpus"
CLIPS = 40
TOLERANCE = 1e-3
"""Of each natural-log energy, the mean removed."""
TELEPHONE_BANDS = 60
"""Of 80, those that end below 4 kHz."""

RECIPES = [
    pytest.param(kaldi_features(full_scale=32768, window="hamming"), id="WeSpeaker"),
    pytest.param(kaldi_features(full_scale=1, window="povey"), id="3D-Speaker"),
]


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("seconds", [0.03, 0.5, 3.0])
def test_noise_like_speech_has_kaldis_features(recipe: KaldiFeatures, seconds: float) -> None:
    """A buzz with a moving formant, breath and a constant offset, at every length."""
    samples = _speechlike(seconds)
    assert _apart(samples, recipe) < TOLERANCE


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="no speech corpus in ../shared/corpus")
@pytest.mark.parametrize("recipe", RECIPES)
def test_real_speech_has_kaldis_features(recipe: KaldiFeatures) -> None:
    """Clear speech at 8 kHz, taken for twice its rate, so that every band holds some."""
    assert max(_apart(samples, recipe) for samples in _clips("corpus", "an4")) < TOLERANCE


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="no speech corpus in ../shared/corpus")
@pytest.mark.parametrize("recipe", RECIPES)
def test_the_telephone_band_has_kaldis_features(recipe: KaldiFeatures) -> None:
    """Telephone calls as the engine hears them: exact where the telephone carries something.

    Above 4 kHz only the rounding of the numbers is left, which kaldi-native-fbank (single
    precision) has to 1.3e-3 itself, against the same in double precision.
    """
    calls = _clips("split", "dev-telephone")
    apart = np.array([_by_band(upsample(samples), recipe) for samples in calls])
    assert apart[:, :TELEPHONE_BANDS].max() < TOLERANCE
    assert apart.max() < 5 * TOLERANCE


@pytest.mark.parametrize(("samples", "frames"), [(400, 1), (559, 1), (560, 2), (48_000, 298)])
def test_only_whole_frames_count(samples: int, frames: int) -> None:
    """Edges are snipped: 1 + (n - 400) / 160, rounded down."""
    bank = KaldiBank(kaldi_features())
    assert bank(Utterance(_speechlike(3.0)[:samples])).shape == (80, frames)


def test_less_than_a_window_is_one_frame() -> None:
    """Even one sample has features, filled up with silence."""
    assert KaldiBank(kaldi_features())(Utterance(np.ones(1, np.float32))).shape == (80, 1)


@given(
    arrays(
        np.float32,
        st.integers(1, 2000),
        elements=st.floats(-1, 1, width=32) | st.sampled_from([0.0, -1.0, 1e-38]),
    ),
    st.sampled_from([1, 32768]),
)
@settings(deadline=None, max_examples=50)
def test_features_are_always_finite(samples: Samples, full_scale: int) -> None:
    """No audio makes NaN or infinity, and each band's mean is zero."""
    features = KaldiBank(kaldi_features(full_scale=full_scale))(Utterance(samples))
    assert features.dtype == np.float32
    assert np.isfinite(features).all()
    assert np.abs(features.mean(axis=1)).max() < 1e-3


def test_what_is_too_long_is_cut() -> None:
    """Memory is bounded, as for the project's own features."""
    features = KaldiBank(kaldi_features())(Utterance(_speechlike(2.0 * LONGEST_S)))
    assert features.shape[1] == 1 + (LONGEST_S * ENGINE_RATE_HZ - 400) // 160


@pytest.mark.parametrize(
    ("samples", "message"), [([], "empty"), ([0.1, np.nan], "NaN or infinity")]
)
def test_audio_without_speech_is_refused(samples: list[float], message: str) -> None:
    """The same words as for the project's own features."""
    with pytest.raises(AudioError, match=message):
        KaldiBank(kaldi_features())(Utterance(np.array(samples, np.float32)))


def _apart(samples: Samples, recipe: KaldiFeatures) -> float:
    return float(_by_band(samples, recipe).max())


def _by_band(samples: Samples, recipe: KaldiFeatures) -> NDArray[np.float32]:
    """The greatest difference in each band, float32 `[mel_bins]`."""
    ours = KaldiBank(recipe)(Utterance(samples))
    greatest: NDArray[np.float32] = np.abs(ours - _theirs(samples, recipe)).max(axis=1)
    return greatest


def _theirs(samples: Samples, recipe: KaldiFeatures) -> NDArray[np.float32]:
    """What kaldi-native-fbank makes of it, the mean over time removed."""
    options = kaldi_native_fbank.FbankOptions()
    options.frame_opts.samp_freq = ENGINE_RATE_HZ
    options.frame_opts.dither = 0
    options.frame_opts.snip_edges = True
    options.frame_opts.window_type = recipe.window
    options.mel_opts.num_bins = recipe.mel_bins
    bank = kaldi_native_fbank.OnlineFbank(options)
    bank.accept_waveform(ENGINE_RATE_HZ, (samples * recipe.full_scale).tolist())
    bank.input_finished()
    frames = np.stack([bank.get_frame(k) for k in range(bank.num_frames_ready)])
    centred: NDArray[np.float32] = (frames - frames.mean(axis=0)).T
    return centred


@cache
def _clips(column: str, value: str) -> list[Samples]:
    """Some recordings of a part of the corpus, from all over it: float32 `[n]` at 8 kHz."""
    with (CORPUS / "manifest.tsv").open(newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    those = [row for row in rows if row[column] == value]
    members = defaultdict(list)
    for row in those[:: len(those) // CLIPS]:
        members[row["shard"]].append(row["member"])
    return [clip for shard, names in members.items() for clip in _decoded(CORPUS / shard, names)]


def _decoded(shard: Path, members: Sequence[str]) -> Iterator[Samples]:
    with tarfile.open(shard) as opened:
        for member in members:
            packed = opened.extractfile(member)
            assert packed is not None
            samples, _ = soundfile.read(io.BytesIO(packed.read()), dtype="float32")
            yield np.asarray(samples, np.float32)


def _speechlike(seconds: float) -> Samples:
    n = np.arange(round(seconds * ENGINE_RATE_HZ))
    buzz = np.sign(np.sin(n / 20)) * np.sin(n / 8 * (1 + np.sin(n / 4000) / 4))
    breath = np.random.default_rng(1).standard_normal(len(n))
    return (0.2 * buzz * np.sin(n / 9000) + 0.01 * breath + 0.02).astype(np.float32)
