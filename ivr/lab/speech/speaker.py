"""People on the telephone: synthetic voices that, like people, never say a thing twice alike."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.signal import resample_poly

from engine.types import TELEPHONE_RATE_HZ, Pcm, Samples
from ivr.lab.speech.level import trimmed
from ivr.lab.speech.line import Line
from ivr.lab.speech.synthesis import Synthesiser, Voice, render

_PACE = (0.88, 1.15)
_PITCH_PERCENT = 4
_INTONATION = 0.14
"""How much pace and pitch sway within a take: without it, every take of a synthesiser has the very
same course of pitch, and would rightly be taken for a recording played once more. At this much, of
27 takes of the passphrase, each at four places in the frame grid, none has more than 3.3 % of its
landmarks in common with another; from 5 % on it counts as a repeat."""
_SWAYS, _SWAY_HZ = 4, (1.5, 6.0)
_TAKES_PER_CALL = 10


class Speaker(Protocol):
    """Somebody who can be asked to say something on the telephone."""

    @property
    def name(self) -> str:
        """What to call the speaker in a report; not a person's name."""
        ...

    def say(self, text: str, take: int) -> Pcm:
        """Return the text as said in one take, int16 `[n]` at 8 kHz; the same every time.

        May take a second and touch the disk: call it away from an event loop.
        """
        ...


@dataclass(frozen=True, slots=True)
class SyntheticSpeaker:
    """A voice of flite or espeak-ng.

    Takes differ in pace, pitch, intonation and noise; every ten takes are a call of their own,
    which differs from other calls in handset, level and line noise.
    """

    name: str
    voice: Voice
    cache: Path | None = None

    def say(self, text: str, take: int) -> Pcm:
        """Return the text as said in one take, int16 `[n]` at 8 kHz."""
        random = self._random("take", text, str(take))
        pace = round(float(random.uniform(*_PACE)), 2)
        pitch = int(random.integers(-_PITCH_PERCENT, _PITCH_PERCENT + 1))
        spoken = trimmed(render(text, self.voice.stretched(pace * (1 + pitch / 100)), self.cache))
        line = Line.draw(self._random("call", str(take // _TAKES_PER_CALL)))
        return line.carry(_intoned(_at_pitch(spoken, pitch), random), random)

    def _random(self, *words: str) -> np.random.Generator:
        seed = hashlib.sha256("\0".join((self.name, *words)).encode()).digest()[:8]
        return np.random.default_rng(int.from_bytes(seed, "big"))


def _at_pitch(samples: Samples, percent: int) -> Samples:
    """Raise the pitch by some percent; the samples become as much shorter."""
    return np.asarray(resample_poly(samples, 100, 100 + percent), np.float32)


def _intoned(samples: Samples, random: np.random.Generator) -> Samples:
    """Let pace and pitch sway slowly, as nobody can repeat it."""
    seconds = np.arange(len(samples)) / TELEPHONE_RATE_HZ
    sways = [
        np.sin(2 * np.pi * (random.uniform(*_SWAY_HZ) * seconds + random.random()))
        for _ in range(_SWAYS)
    ]
    places = np.cumsum(1 + _INTONATION * np.sum(sways, axis=0) / 2)
    course = CubicSpline(np.arange(len(samples)), samples)
    return np.asarray(course(places[places < len(samples) - 1]), np.float32)


VOICES: Mapping[str, Voice] = {
    "rms": Voice(Synthesiser.FLITE, "rms"),
    "slt": Voice(Synthesiser.FLITE, "slt"),
    "awb": Voice(Synthesiser.FLITE, "awb"),
    "kal": Voice(Synthesiser.FLITE, "kal16"),
    "espeak": Voice(Synthesiser.ESPEAK_NG, "en-us"),
    "f5": Voice(Synthesiser.ESPEAK_NG, "en-us+f5"),
    "alicia": Voice(Synthesiser.ESPEAK_NG, "en-us+Alicia"),
    "grandma": Voice(Synthesiser.ESPEAK_NG, "en-us+grandma"),
}
"""Those of flite were made from recordings of different people; those of espeak-ng are pure
synthesis, as different as its variants go. rms and kal sound alike; the others do not."""


def synthetic(name: str, cache: Path | None = None) -> SyntheticSpeaker:
    """Return one of `VOICES` as a speaker; `KeyError` for another name."""
    return SyntheticSpeaker(name, VOICES[name], cache)
