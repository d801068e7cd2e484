"""The network hears the same in pieces as at once, and says probabilities."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import RecogniserError
from engine.phrase.phones import STATES, PhoneModel, phone_model
from engine.phrase.spectra import BANDS, Floats


def spectra(frames: int) -> Floats:
    """Something to hear."""
    return np.random.default_rng(frames).standard_normal((frames, BANDS)).astype(np.float32)


def heard(pieces: list[Floats]) -> Floats:
    """What the model that comes along makes of pieces."""
    model = phone_model()
    hearing, found = model.begin(), []
    for number, piece in enumerate(pieces):
        hearing, new = model.after(hearing, piece, last=number == len(pieces) - 1)
        found.append(new)
    return np.concatenate(found)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 200), st.lists(st.integers(0, 200), max_size=6))
def test_pieces_make_no_difference(frames: int, cuts: list[int]) -> None:
    """However the spectra are cut; and there is one answer to two frames."""
    whole = spectra(frames)
    found = heard(np.split(whole, sorted(min(cut, frames) for cut in cuts)))
    assert found.shape == ((frames + 1) // 2, STATES)
    assert np.allclose(found, heard([whole]), atol=1e-3)


def test_what_is_not_known_yet_is_waited_for() -> None:
    """The network looks 280 ms ahead: so much later it answers, and then at once."""
    hearing, first = phone_model().after(phone_model().begin(), spectra(100))
    assert len(first) == 36
    _, second = phone_model().after(hearing, spectra(2))
    assert len(second) == 1


def test_the_states_share_a_probability() -> None:
    """Their likelihoods times their frequencies add up to one."""
    model = phone_model()
    shares = np.exp(heard([spectra(50)]) + model.priors)
    assert np.allclose(shares.sum(axis=1), 1.0, atol=1e-4)
    assert np.allclose(np.exp(model.onward).sum(axis=1), 1.0, atol=1e-5)


@pytest.mark.parametrize("content", [b"", b"PK no archive"])
def test_a_broken_file_is_named(content: bytes, tmp_path: Path) -> None:
    """With what to do about it."""
    path = tmp_path / "phones.npz"
    path.write_bytes(content)
    with pytest.raises(RecogniserError, match=r"phones\.npz is no network.*install"):
        PhoneModel.load(path)


def test_a_file_of_something_else_is_named(tmp_path: Path) -> None:
    """An archive without the weights."""
    np.savez(tmp_path / "other.npz", nothing=np.zeros(1))
    with pytest.raises(RecogniserError, match="is no network for phones"):
        PhoneModel.load(tmp_path / "other.npz")
