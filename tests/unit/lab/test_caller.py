"""When a person in a recording stops speaking."""

from __future__ import annotations

import numpy as np
import pytest

from ivr.lab.caller import spoken_s


def test_line_noise_after_the_last_word_is_not_speech() -> None:
    """34 dB below the speech is an ordinary line."""
    time_s = np.arange(8000) / 8000
    speech = 8000 * np.sin(2 * np.pi * 200 * time_s) * (time_s < 0.5)
    noise = np.random.default_rng(1).standard_normal(8000) * 8000 / np.sqrt(2) * 10 ** (-34 / 20)
    assert spoken_s((speech + noise).astype(np.int16)) == pytest.approx(0.5, abs=0.011)


def test_silence_holds_no_speech() -> None:
    """Nothing is as loud as the loudest of nothing."""
    assert spoken_s(np.zeros(800, np.int16)) == 0.0
    assert spoken_s(np.zeros(0, np.int16)) == 0.0
