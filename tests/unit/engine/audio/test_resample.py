"""8 kHz to 16 kHz: what passes, what is stopped, and that pieces make the whole."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import firwin, freqz, resample_poly

from engine.audio import Upsampler, to_engine_rate, to_float, to_int, upsample
from engine.audio.low_pass import low_pass
from engine.audio.resample import FILTER, STOP_BAND_DB, TAPS, downsample
from engine.errors import AudioError
from engine.types import Samples


def tone(hertz: float, rate_hz: int, count: int) -> Samples:
    """A sine at half of full scale."""
    return (0.5 * np.sin(2.0 * np.pi * hertz * np.arange(count) / rate_hz)).astype(np.float32)


def in_pieces(samples: Samples, sizes: list[int]) -> Samples:
    """Push a signal in pieces of these sizes, over and over, and what is left at the end."""
    upsampler, start, outcome = Upsampler(), 0, []
    for size in sizes:
        outcome.append(upsampler.push(samples[start : start + size]))
        start += size
    outcome += [upsampler.push(samples[start:]), upsampler.rest()]
    return np.concatenate(outcome)


@settings(max_examples=200, deadline=None)
@given(
    count=st.integers(0, 1500),
    seed=st.integers(0, 2**32 - 1),
    sizes=st.lists(st.integers(0, 3) | st.integers(0, 400), max_size=40),
)
def test_pieces_make_the_whole_bit_for_bit(count: int, seed: int, sizes: list[int]) -> None:
    """However the signal is cut, also into nothing and single samples, the outcome is the same."""
    pcm = np.random.default_rng(seed).integers(-32_768, 32_768, count).astype(np.int16)
    whole, pieces = upsample(to_float(pcm)), in_pieces(to_float(pcm), sizes)
    assert len(whole) == 2 * count
    assert np.array_equal(pieces, whole)


def test_looking_at_the_rest_does_not_disturb_what_follows() -> None:
    """`rest` may be asked for in mid-speech."""
    samples = tone(440, 8_000, 400)
    upsampler = Upsampler()
    first = upsampler.push(samples[:123])
    glance = np.concatenate([first, upsampler.rest()])
    second = upsampler.push(samples[123:])
    assert np.array_equal(glance, upsample(samples[:123]))
    assert np.array_equal(np.concatenate([first, second, upsampler.rest()]), upsample(samples))


@pytest.mark.parametrize("hertz", [300, 1000, 2500, 3400])
def test_a_telephone_tone_stays_what_and_where_it_was(hertz: int) -> None:
    """A tone of the band is the same tone at 16 kHz, in time, within 2 LSB."""
    outcome = upsample(tone(hertz, 8_000, 4_000))
    difference = outcome - tone(hertz, 16_000, 8_000)
    assert np.abs(difference[200:-200]).max() < 2.0 / 32_768


def test_the_caller_s_own_samples_pass_unchanged() -> None:
    """Every second sample of the outcome is one that came in."""
    samples = np.random.default_rng(3).uniform(-1, 1, 500).astype(np.float32)
    assert np.array_equal(upsample(samples)[::2], samples)


def test_the_filter_keeps_what_its_description_promises() -> None:
    """Flat within 0.001 dB to 3.6 kHz, 80 dB down from 4.37 kHz, every second tap zero."""
    hertz, response = freqz(FILTER, worN=1 << 14, fs=16_000)
    level_db = 20.0 * np.log10(np.abs(response) / 2.0 + 1e-12)
    assert np.abs(level_db[hertz <= 3_600]).max() < 0.001
    assert level_db[hertz >= 4_370].max() < -80.0
    assert np.abs(FILTER[0:60:2]).max() < 1e-12


def test_loud_noise_stays_inside_full_scale() -> None:
    """What overshoots between two samples is limited, so that int16 cannot wrap."""
    square = np.where(np.arange(600) // 3 % 2, -1.0, 32_767 / 32_768).astype(np.float32)
    outcome = upsample(square)
    assert outcome.min() >= -1.0
    assert outcome.max() < 1.0
    assert np.sign(to_int(outcome)[::2]).tolist() == np.sign(square).tolist()


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, 48_000])
def test_a_file_of_any_known_rate_becomes_16_khz(rate_hz: int) -> None:
    """A second of a 1 kHz tone is a second of the same tone at 16 kHz."""
    outcome = to_engine_rate(tone(1_000, rate_hz, rate_hz), rate_hz)
    assert outcome.dtype == np.float32
    assert len(outcome) == 16_000
    difference = outcome - tone(1_000, 16_000, 16_000)
    assert np.abs(difference[500:-500]).max() < 0.002


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, 48_000])
def test_nothing_stays_nothing(rate_hz: int) -> None:
    """An empty signal is an empty signal at any rate."""
    assert len(to_engine_rate(np.zeros(0, np.float32), rate_hz)) == 0


@pytest.mark.parametrize("rate_hz", [0, -8_000, 11_025])
def test_another_rate_is_named(rate_hz: int) -> None:
    """The error says the rate and which are taken."""
    with pytest.raises(AudioError, match=f"{rate_hz} Hz is not taken: 8000"):
        to_engine_rate(np.zeros(10, np.float32), rate_hz)


def test_only_float32_vectors_are_filtered() -> None:
    """int16 that was not divided by 32768 is the caller's mistake."""
    with pytest.raises(AudioError, match="int16"):
        Upsampler().push(np.zeros(10, np.int16))
    with pytest.raises(AudioError, match="float64"):
        upsample(np.zeros(10))  # type: ignore[arg-type]  # the point of the test


def test_halving_the_rate_undoes_doubling_it() -> None:
    """A telephone's band comes back as it was."""
    time = np.arange(4000) / 8000
    tone = (0.3 * np.sin(2 * np.pi * 1000 * time)).astype(np.float32)
    np.testing.assert_allclose(downsample(upsample(tone))[100:-100], tone[100:-100], atol=2e-3)


def test_halving_the_rate_mirrors_nothing() -> None:
    """6 kHz is no telephone's and is gone, not heard at 2 kHz."""
    tone = np.sin(2 * np.pi * 6000 * np.arange(16000) / 16000).astype(np.float32)
    assert np.abs(downsample(tone)[100:-100]).max() < 1e-3
    assert len(downsample(tone[:0])) == 0


@given(
    taps=st.integers(1, 100).map(lambda half: 2 * half + 1),
    cutoff=st.floats(0.01, 0.99),
    beta=st.floats(0.0, 12.0),
)
def test_the_design_is_that_of_scipy(taps: int, cutoff: float, beta: float) -> None:
    """To the last places of float64, for the windows of all our filters."""
    for ours, theirs in ((np.kaiser(taps, beta), ("kaiser", beta)), (np.hamming(taps), "hamming")):
        peer = firwin(taps, cutoff, window=theirs)
        np.testing.assert_allclose(low_pass(cutoff, ours), peer, rtol=0, atol=1e-15)


def test_our_own_filter_is_that_of_scipy_bit_for_bit() -> None:
    """What the voice model learnt from stays what it hears."""
    peer = 2.0 * firwin(TAPS, 0.5, window=("kaiser", 0.1102 * (STOP_BAND_DB - 8.7)))
    assert np.array_equal(FILTER[1::2].astype(np.float32), peer[1::2].astype(np.float32))
    np.testing.assert_allclose(FILTER, peer, rtol=0, atol=1e-15)


@settings(deadline=None)
@given(count=st.integers(1, 3000), seed=st.integers(0, 2**32 - 1))
def test_halving_is_that_of_scipy(count: int, seed: int) -> None:
    """The same int16 for noise of any length, and what overshoots limited alike."""
    pcm = np.random.default_rng(seed).integers(-32_768, 32_768, count).astype(np.int16)
    peer = resample_poly(to_float(pcm), 1, 2, window=FILTER / 2.0).astype(np.float32)
    assert np.array_equal(to_int(downsample(to_float(pcm))), to_int(peer))
