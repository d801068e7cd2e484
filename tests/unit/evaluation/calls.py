"""Calls made of numbers: voices with noise, in takes of various length and quality."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from engine.decision.trials import CallTakes
from engine.types import Embedding, ModelId, Quality, Voiceprint

MODEL = ModelId("test-model")
DIM = 16


def calls(
    speakers: int,
    each: int,
    takes: Iterable[str],
    noise: float = 0.6,
    seed: int = 3,
    parts: int = 0,
) -> list[CallTakes]:
    """Some calls of each of some speakers; the noisier the line, the less alike the voice.

    Takes of so many `parts`, 0 for none, are as noisy in each of them.
    """
    random = np.random.default_rng(seed)
    voices = random.standard_normal((speakers, DIM))

    def take(speaker: int) -> Voiceprint:
        snr_db = random.uniform(10, 40)
        spread = noise * (1 + (40 - snr_db) / 40)
        vectors = voices[speaker] + spread * random.standard_normal((1 + parts, DIM))
        units = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
        quality = Quality(random.uniform(1, 3), snr_db, random.uniform(-35, -15), 0.0)
        return Voiceprint(Embedding(units[0], MODEL, units[1:] if parts else None), quality)

    names = tuple(takes)
    return [
        CallTakes(n % speakers, {name: take(n % speakers) for name in names})
        for n in range(speakers * each)
    ]
