"""Spectra are the same on every line, and as many as they should be."""

from __future__ import annotations

import numpy as np
import pytest

from engine.phrase.spectra import FLOOR, Floats, Line, frames_in, powers, samples_of
from engine.types import Pcm

RANDOM = np.random.default_rng(11)


def noise(seconds: float, loudness: float = 0.1) -> Pcm:
    """White noise at 16 kHz."""
    made = RANDOM.standard_normal(round(16_000 * seconds)) * loudness * 32_768
    return np.clip(made, -32_768, 32_767).astype(np.int16)


def spectra(pcm: Pcm) -> Floats:
    """Spectra of audio whose line is known from all of it."""
    found = powers(pcm)
    return Line.of(found).taken_out(found)


def test_how_loud_a_line_is_makes_no_difference() -> None:
    """A tenth as loud, the same spectra but for rounding."""
    loud = noise(1.0)
    assert np.abs(spectra(loud) - spectra(np.rint(loud / 10).astype(np.int16))).mean() < 0.01


def test_what_a_line_does_to_a_band_is_taken_out() -> None:
    """A line that dulls or sharpens makes next to no difference."""
    flat = noise(1.0).astype(np.float64)
    dull = flat[1:] + 0.7 * flat[:-1]
    as_it_is, dulled = (spectra(each.astype(np.int16)) for each in (flat[1:], dull))
    assert np.abs(as_it_is - dulled).mean() < 0.1


def test_silence_is_as_silent_on_every_line() -> None:
    """Beside speech, nothing at all is at the floor."""
    found = spectra(np.concatenate([noise(0.5), np.zeros(8000, np.int16)]))
    assert np.allclose(found[-10:], np.log(FLOOR), atol=0.01)


@pytest.mark.parametrize("samples", [0, 1, 399, 400, 559, 560, 1000, 5000])
def test_frames_are_counted_as_they_are_made(samples: int) -> None:
    """For any number of samples, and in pieces as at once."""
    pcm = noise(1.0)[:samples]
    whole = powers(pcm)
    assert len(whole) == frames_in(samples)
    half = powers(pcm[: samples // 2])
    rest = powers(pcm[samples_of(len(half)) :])
    assert np.allclose(np.concatenate([half, rest]), whole, rtol=1e-4)


def test_a_sine_is_in_its_band_with_its_power() -> None:
    """Of full scale: some of it is in the neighbouring bands."""
    for hertz, band in ((300.0, 2), (1000.0, 9), (2500.0, 18)):
        pcm = (32_767 * np.sin(2 * np.pi * hertz * np.arange(16_000) / 16_000)).astype(np.int16)
        found = powers(pcm)[10]
        assert abs(int(found.argmax()) - band) <= 1
        assert 0.05 < found.max() < 1.0


def test_silence_is_silent() -> None:
    """Nothing at all, or next to nothing, is no speech; a quiet voice is."""
    for pcm in (np.zeros(0), np.zeros(16_000), np.resize([3, -3], 16_000)):
        assert Line.of(powers(pcm.astype(np.int16))).silent
    assert not Line.of(powers(noise(1.0, 0.003))).silent
