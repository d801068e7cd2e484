"""What is trained in torch is what runs in numpy."""

from __future__ import annotations

import tests.unit.training.needs  # noqa: F401  # isort: skip

from pathlib import Path

import numpy as np
import torch

from engine.audio import upsample
from engine.audio.pcm import to_float, to_int
from engine.phrase.phones import STATES, PhoneModel
from engine.phrase.spectra import BANDS, Line, powers
from engine.training.phones.__main__ import write
from engine.training.phones.network import PhoneNet, midway
from engine.training.phones.spectra import Spectra
from tests.unit.training.conftest import voice


def test_both_say_the_same(tmp_path: Path) -> None:
    """Weights folded, rounded, written and read again."""
    torch.manual_seed(3)
    network = PhoneNet()
    with torch.no_grad():
        for _ in range(3):
            network(torch.randn(8, BANDS, 100))
    known = np.full(STATES, 1 / STATES)
    write(tmp_path / "phones.npz", network.eval(), known, np.full(STATES, 3.0))
    model, heard = PhoneModel.load(tmp_path / "phones.npz"), torch.randn(1, BANDS, 80)
    _, found = model.after(model.begin(), heard[0].T.numpy(), last=True)
    with torch.no_grad():
        wanted = torch.log_softmax(network(heard)[0].T, dim=1).numpy()
    assert np.allclose(found + model.priors, wanted, atol=0.02)


def test_midway_lies_between() -> None:
    """Each weight is the mean of two, and neither of these is changed."""
    torch.manual_seed(4)
    one, other = PhoneNet(), PhoneNet()
    with torch.no_grad():
        other(torch.randn(8, BANDS, 100))
    found, own, added = (each.state_dict() for each in (midway(one, other), one, other))
    for name in ("exit.weight", "layers.3.wide.weight", "norm.running_mean"):
        assert torch.allclose(found[name], (own[name] + added[name]) / 2)
        assert not torch.equal(own[name], added[name])


def test_both_hear_the_same() -> None:
    """8 kHz in torch, and the same at 16 kHz as the engine has it."""
    pcm = voice(3, 1, 1.4)
    found = powers(to_int(upsample(to_float(pcm))))
    mine = Line.of(found).taken_out(found)
    theirs = Spectra()(torch.from_numpy(to_float(pcm))[None])[0].T.numpy()
    both = min(len(mine), len(theirs))
    assert abs(len(mine) - len(theirs)) <= 1
    assert np.abs(mine[3 : both - 3] - theirs[3 : both - 3]).mean() < 0.05
