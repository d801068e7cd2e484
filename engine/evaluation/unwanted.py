"""What is heard on telephone lines besides a caller: keys, tones, music and second voices, made.

The tones are those of ITU-T E.180 and Q.23; the music is chords with a melody and a drum, with
random keys, tempi and instruments. Everything is int16 `[n]` at 8 kHz.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.audio.g711 import decode_mulaw, encode_mulaw
from engine.audio.pcm import to_int
from engine.types import TELEPHONE_RATE_HZ, Pcm

Wave = NDArray[np.float64]

STEADY_HZ: Final = {
    "US dial": (350.0, 440.0),
    "US busy": (480.0, 620.0),
    "US ringing": (440.0, 480.0),
    "European": (425.0,),
    "UK dial": (350.0, 450.0),
    "fax calling": (1100.0,),
    "fax answering": (2100.0,),
    "test": (1004.0,),
}
KEYS_HZ: Final = tuple(
    (row, column)
    for row in (697.0, 770.0, 852.0, 941.0)
    for column in (1209.0, 1336.0, 1477.0, 1633.0)
)
_CHORDS: Final = ((0, 4, 7), (5, 9, 12), (7, 11, 14), (9, 12, 16), (2, 5, 9))
_DECAYS_S: Final = (0.3, 0.6, 2.0)
_NOISE_DBFS: Final = -60.0


def tone(hertz: Sequence[float], seconds: float, level_dbfs: float) -> Wave:
    """Return sines that together have this level."""
    time = np.arange(round(seconds * TELEPHONE_RATE_HZ)) / TELEPHONE_RATE_HZ
    wave: Wave = sum((np.sin(2 * np.pi * each * time) for each in hertz), np.zeros(len(time)))
    return _at_level(wave, level_dbfs)


def music(seconds: float, random: np.random.Generator) -> Wave:
    """Return chords, a melody of an octave above, and in every other piece a drum."""
    beat = round(TELEPHONE_RATE_HZ * 60 / random.uniform(60, 140))
    length = round(seconds * TELEPHONE_RATE_HZ)
    root, decays, drum = (
        random.uniform(110, 220),
        random.choice(_DECAYS_S, 2),
        random.random() < 0.5,
    )
    wave = np.zeros(length + 2 * beat)
    for start in range(0, length, 2 * beat):
        chord = _CHORDS[random.integers(len(_CHORDS))]
        for step in chord:
            wave[start : start + 2 * beat] += _note(root * 2 ** (step / 12), 2 * beat, decays[0])
        for part in (start, start + beat):
            step = chord[random.integers(3)] + 12
            wave[part : part + beat] += _note(root * 2 ** (step / 12), beat, decays[1])
            if drum:
                wave[part : part + beat] += _drum(beat, random)
    return _at_level(wave[:length], random.uniform(-35, -15))


def on_the_line(wave: Wave, random: np.random.Generator) -> Pcm:
    """Add the noise of a quiet line and send it through mu-law."""
    noise = random.standard_normal(len(wave)) * 10 ** (_NOISE_DBFS / 20)
    return decode_mulaw(encode_mulaw(to_int(np.clip(wave + noise, -1.0, 0.999))))


def over(pcm: Pcm, wave: Wave, start: int) -> Pcm:
    """Lay a wave over speech from a sample on, as far as it reaches."""
    mixed = pcm.astype(np.float64) / 32_768
    end = min(len(mixed), start + len(wave))
    mixed[start:end] += wave[: end - start]
    return to_int(np.clip(mixed, -1.0, 0.999))


def _note(hertz: float, length: int, decay_s: float) -> Wave:
    time = np.arange(length) / TELEPHONE_RATE_HZ
    partials = range(1, int(3600 / hertz) + 1)
    wave = sum((np.sin(2 * np.pi * hertz * k * time) / k for k in partials), np.zeros(length))
    shaped: Wave = wave * np.minimum(1, time / 0.005) * np.exp(-time / decay_s)
    return shaped


def _drum(length: int, random: np.random.Generator) -> Wave:
    hit: Wave = random.standard_normal(length) * np.exp(-np.arange(length) / 200) * 0.6
    return hit


def _at_level(wave: Wave, level_dbfs: float) -> Wave:
    scaled: Wave = wave * 10 ** (level_dbfs / 20) / np.sqrt(np.mean(wave**2))
    return scaled
