"""Files of sung speech."""

from __future__ import annotations

import numpy as np

from engine.audio import encode_mulaw
from engine.audio.files import AudioFile, read_audio
from engine.types import Pcm
from tests.unit.engine.audio.synthetic import with_noise
from tests.unit.engine.liveness.takes import take

HIM, HER = 1.0, 1.5
"""Who sings: how much faster the voice is played, its formants and pitch so much higher."""


def file_of(pcm: Pcm, name: str = "x.ulaw") -> AudioFile:
    """A recording with half a second of a quiet line before and after it."""
    quiet = with_noise(np.zeros(4000, np.int16), -65.0)
    pcm = np.concatenate([quiet, pcm, quiet])
    return read_audio(encode_mulaw(pcm), name)


def sung(seed: int, who: float = HIM, seconds: float = 3.0) -> AudioFile:
    """One take of one of two people."""
    slow = take(seed, seconds * who)
    fast = np.interp(np.arange(0, len(slow) - 1, who), np.arange(len(slow)), slow)
    return file_of(fast.astype(np.int16), f"{who}-{seed}.ulaw")


def three(who: float = HIM) -> list[AudioFile]:
    """Three takes: enough to enroll."""
    return [sung(seed, who) for seed in range(3)]


def silence() -> AudioFile:
    return file_of(np.zeros(16_000, np.int16), "silence.ulaw")
