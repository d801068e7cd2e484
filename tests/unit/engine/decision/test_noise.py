"""Noise of a line is as loud as it says, of each kind as often, and the same every time."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from engine.audio import measure, speech_in
from engine.decision.noise import DULLNESS, SNR_DB, Noise
from tests.unit.engine.audio.synthetic import as_pcm, silence, voice


@pytest.mark.parametrize("dullness", DULLNESS)
@pytest.mark.parametrize("snr_db", SNR_DB)
def test_noise_is_as_loud_as_it_says(snr_db: float, dullness: float) -> None:
    """As the quality of the utterance is measured, to within 3 dB."""
    line = as_pcm(np.concatenate([silence(1.0), voice(3.0), silence(1.0)]))
    noisy = Noise(snr_db, dullness, 1).added(line)
    assert measure(noisy, speech_in(line)).snr_db == pytest.approx(snr_db, abs=3.0)


def test_each_kind_comes_as_often_as_another() -> None:
    """And the same call has the same noise."""
    kinds = Counter((each.snr_db, each.dullness) for each in map(Noise.of_call, range(16)))
    assert set(kinds.values()) == {2}
    assert len(kinds) == len(SNR_DB) * len(DULLNESS)
    line = as_pcm(voice(1.0))
    assert np.array_equal(Noise.of_call(3).added(line), Noise.of_call(3).added(line))
    assert not np.array_equal(Noise.of_call(3).added(line), Noise.of_call(11).added(line))


def test_to_silence_nothing_is_added() -> None:
    """There is no speech that the noise could be measured by."""
    line = np.zeros(8_000, np.int16)
    assert np.array_equal(Noise.of_call(0).added(line), line)
    assert len(Noise.of_call(0).added(line[:0])) == 0
