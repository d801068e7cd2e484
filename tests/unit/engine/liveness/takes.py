"""Takes of the same words: one sung phrase, its time and pitch bent differently each time."""

from __future__ import annotations

import numpy as np

from engine.audio import to_float, upsample
from engine.types import Pcm, Utterance
from tests.unit.engine.audio.synthetic import as_pcm, voice, with_noise

KEY = bytes(range(32))


def take(seed: int, seconds: float = 1.5, pitch_hz: float = 120.0) -> Pcm:
    """One take, int16 `[n]` at 8 kHz; tempo and pitch wander by some percent, as people's do."""
    sung = voice(seconds + 0.5, pitch_hz=pitch_hz)
    wander = np.random.default_rng(seed).normal(0.0, 0.06, round(seconds * 8) + 2)
    count = round(seconds * 8000)
    tempo = 1.0 + np.interp(np.arange(count) / 1000, np.arange(len(wander)), wander)
    bent = np.interp(np.cumsum(tempo), np.arange(len(sung)), sung).astype(np.float32)
    return with_noise(as_pcm(bent), -65.0)


def utterance(pcm: Pcm) -> Utterance:
    """As it arrives at the engine's door."""
    return Utterance(upsample(to_float(pcm)))
