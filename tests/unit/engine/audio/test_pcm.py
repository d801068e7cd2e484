"""Linear samples and their bytes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.audio import from_bytes, to_bytes, to_float, to_int
from engine.errors import AudioError


@given(st.binary(max_size=400).filter(lambda octets: len(octets) % 2 == 0))
def test_bytes_survive_the_way_to_floats_and_back(octets: bytes) -> None:
    """Every int16 is a float32 exactly, so nothing is lost on the way through the engine."""
    pcm = from_bytes(octets)
    samples = to_float(pcm)
    assert samples.dtype == np.float32
    assert to_bytes(to_int(samples)) == octets


def test_samples_are_little_endian_and_divided_by_32768() -> None:
    """0x4000 is half of full scale, and the most negative sample is -1."""
    samples = to_float(from_bytes(b"\x00\x40\x00\x80\xff\x7f"))
    assert samples.tolist() == [0.5, -1.0, 32_767 / 32_768]


@pytest.mark.parametrize("count", [1, 3, 319])
def test_an_odd_number_of_bytes_is_named(count: int) -> None:
    """Half a sample is an error that says how many bytes there were."""
    with pytest.raises(AudioError, match=f"not {count}"):
        from_bytes(bytes(count))


def test_samples_beyond_full_scale_are_limited() -> None:
    """Too loud becomes full scale, not its opposite."""
    assert to_int(np.array([1.0, -3.0, 7.5], np.float32)).tolist() == [32_767, -32_768, 32_767]


@pytest.mark.parametrize(
    "samples",
    [
        np.array([np.nan], np.float32),
        np.array([np.inf], np.float32),
        np.zeros((2, 2), np.float32),
        np.zeros(2, np.int16),
    ],
)
def test_what_is_no_signal_is_refused(samples: np.ndarray) -> None:
    """NaN, infinity, two channels and integers are errors, not noise."""
    with pytest.raises(AudioError):
        to_int(samples)


def test_two_channels_are_refused() -> None:
    """The engine is mono; the message shows the shape."""
    with pytest.raises(AudioError, match=r"\(4, 2\)"):
        to_float(np.zeros((4, 2), np.int16))
