"""The front end in torch says what engine.voice says."""

import numpy as np
import pytest

from . import needs  # noqa: F401  # isort: skip
import torch

from engine.audio.resample import upsample
from engine.training.features import LogMel, front_end, masked
from engine.types import Utterance
from engine.voice.frontend import LogMel as Reference

from .conftest import voice


def speech(speaker: int, seconds: float = 1.0) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return voice(speaker, 0, seconds).astype(np.float32) / np.float32(32768)


def test_upsampling_is_the_telephones() -> None:
    """Sample by sample the filter of engine.audio."""
    samples = speech(1)
    wide = LogMel(front_end(64)).upsampled(torch.from_numpy(samples).unsqueeze(0))[0]
    np.testing.assert_allclose(wide.numpy(), upsample(samples), atol=1e-6)


@pytest.mark.parametrize("bins", [48, 64])
def test_the_features_are_those_of_the_product(bins: int) -> None:
    """From 8 kHz in torch, and from 16 kHz in numpy: the same to 1e-3."""
    samples = speech(2, 1.3)
    ours = LogMel(front_end(bins))(torch.from_numpy(samples).unsqueeze(0))[0].numpy()
    theirs = Reference(front_end(bins))(Utterance(upsample(samples)))
    assert ours.shape == theirs.shape == (bins, 131)
    np.testing.assert_allclose(ours, theirs, atol=1e-3)


def test_masking_hides_stretches_and_leaves_the_rest() -> None:
    """At most an eighth of the bins and a tenth of the frames, only where chance says so."""
    features = torch.ones(50, 64, 100)
    generator = torch.Generator().manual_seed(1)
    hidden = masked(features, 1.0, generator) == 0
    assert 0 < hidden.float().mean() < 0.25
    assert hidden.all(dim=2).sum(dim=1).max() <= 9
    assert hidden.all(dim=1).sum(dim=1).max() <= 11
    assert torch.equal(masked(features, 0.0, generator), features)
