"""Formats of media frames, to int16 at 8 kHz and back."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.signal import firwin, lfilter

from engine.types import Pcm
from ivr.media.codec import FORMATS, HALF_BAND_TAPS
from ivr.media.errors import FrameSizeError

FRAME_BYTES = {"slin": 320, "slin16": 640, "ulaw": 160, "alaw": 160}


def tone(frequency_hz: float, seconds: float = 1.0) -> Pcm:
    """Return a tone at half of full scale, int16 at 8 kHz."""
    time = np.arange(int(8000 * seconds)) / 8000
    return (16_000 * np.sin(2 * np.pi * frequency_hz * time)).astype(np.int16)


@pytest.mark.parametrize("format", FORMATS)
def test_a_frame_is_20_ms_both_ways(format: str) -> None:
    """160 samples become as many bytes as Asterisk's frame has, and 160 samples again."""
    codec = FORMATS[format]()
    frame = codec.encode(tone(440, 0.02))
    assert len(frame) == FRAME_BYTES[format]
    assert codec.decode(frame).shape == (160,)
    assert codec.decode(frame).dtype == np.int16


@given(st.binary(min_size=2, max_size=640).filter(lambda raw: len(raw) % 2 == 0))
def test_slin_is_bit_exact(raw: bytes) -> None:
    """Linear audio at 8 kHz goes through as it is."""
    codec = FORMATS["slin"]()
    assert codec.encode(codec.decode(raw)) == raw


def test_slin_is_little_endian() -> None:
    """The wire's byte order does not depend on the machine."""
    assert FORMATS["slin"]().decode(b"\x01\x02").tolist() == [0x0201]


@pytest.mark.parametrize("format", ["ulaw", "alaw"])
@given(raw=st.binary(min_size=1, max_size=160))
def test_g711_code_words_survive(format: str, raw: bytes) -> None:
    """What was companded once stays what it is (mu-law's negative zero apart)."""
    codec = FORMATS[format]()
    again = codec.encode(codec.decode(raw))
    assert np.array_equal(codec.decode(again), codec.decode(raw))


@pytest.mark.parametrize(
    ("format", "size"),
    [("slin", 0), ("slin", 319), ("slin16", 638), ("slin16", 0), ("ulaw", 0), ("alaw", 0)],
)
def test_odd_size_is_named(format: str, size: int) -> None:
    """A frame that is no whole number of samples is an error that names its size."""
    with pytest.raises(FrameSizeError, match=f"{format} frame of {size} bytes") as caught:
        FORMATS[format]().decode(bytes(size))
    assert caught.value.size == size


@pytest.mark.parametrize("frequency_hz", [200, 1000, 3000])
def test_wideband_keeps_the_telephone_band(frequency_hz: float) -> None:
    """A tone of the telephone band passes through 16 kHz and back within half a decibel."""
    codec = FORMATS["slin16"]()
    there = tone(frequency_hz)
    back = np.concatenate(
        [codec.decode(codec.encode(there[at : at + 160])) for at in range(0, len(there), 160)]
    )
    level = np.std(back[800:]) / np.std(there[800:])
    assert abs(20 * np.log10(level)) < 0.5


def test_wideband_does_not_fold_into_the_telephone_band() -> None:
    """A tone of 6 kHz, which 8 kHz audio cannot hold, is gone by 50 dB rather than folded."""
    time = np.arange(16_000) / 16_000
    wide = (16_000 * np.sin(2 * np.pi * 6_000 * time)).astype("<i2").tobytes()
    left = FORMATS["slin16"]().decode(wide)[200:]
    assert 20 * np.log10(np.std(left) / 11_314) < -50


@settings(deadline=None)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=20), st.integers(0, 2**32 - 1))
def test_slin16_filters_a_stream_as_scipy_does(sizes: list[int], seed: int) -> None:
    """The same int16 both ways, however the stream is cut, a single sample included."""
    taps, codec = firwin(HALF_BAND_TAPS, 3_700, fs=16_000), FORMATS["slin16"]()
    down, up, noise = np.zeros(len(taps) - 1), np.zeros(len(taps) - 1), np.random.default_rng(seed)
    for size in sizes:
        wide = noise.integers(-32_768, 32_768, 2 * size).astype(np.int16)
        smooth, down = lfilter(taps, 1.0, wide, zi=down)
        halved = codec.decode(wide.astype("<i2").tobytes())
        assert np.array_equal(halved, limited(smooth[::2]))
        smooth, up = lfilter(taps, 1.0, np.kron(halved * 2.0, [1.0, 0.0]), zi=up)
        assert codec.encode(halved) == limited(smooth).astype("<i2").tobytes()


def limited(samples: NDArray[np.float64]) -> Pcm:
    """Round to what int16 holds."""
    return np.clip(np.rint(samples), -32_768, 32_767).astype(np.int16)
