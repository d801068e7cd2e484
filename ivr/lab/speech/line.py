"""What a telephone line does to speech: band, handset, noise, level, mu-law; from a seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, lfilter, sosfilt

from engine.audio.g711 import decode_mulaw, encode_mulaw
from engine.types import TELEPHONE_RATE_HZ, Pcm, Samples
from ivr.lab.speech.level import at_level, silence

_BAND_HZ = (300.0, 3400.0)
"""ITU-T G.712."""
_EDGE_S = 0.1
_PEAK = 0.99


@dataclass(frozen=True, slots=True)
class Line:
    """One telephone and its line: the same for a whole call."""

    handset: float
    """Tilt of the handset: -0.2 dark to 0.2 bright."""
    noise_db: float
    """Line noise below the speech, in dB."""
    level_dbfs: float
    """Active level of the speech."""

    @classmethod
    def draw(cls, random: np.random.Generator) -> Line:
        """Draw a usual line: 28 to 40 dB of signal to noise, -26 to -18 dBFS."""
        return cls(
            handset=float(random.uniform(-0.2, 0.2)),
            noise_db=float(random.uniform(28.0, 40.0)),
            level_dbfs=float(random.uniform(-26.0, -18.0)),
        )

    def carry(self, samples: Samples, random: np.random.Generator) -> Pcm:
        """Return speech, float32 `[n]`, as the far end gets it: int16, 0.1 s longer at each end."""
        speech = np.concatenate([silence(_EDGE_S), samples, silence(_EDGE_S)])
        speech = at_level(self._shaped(speech), self.level_dbfs)
        noise = self._shaped(random.standard_normal(len(speech)).astype(np.float32))
        noise *= 10 ** ((self.level_dbfs - self.noise_db) / 20) / float(noise.std())
        heard = np.clip(speech + noise, -_PEAK, _PEAK)
        return decode_mulaw(encode_mulaw((heard * 32767).astype(np.int16)))

    def _shaped(self, samples: Samples) -> Samples:
        tilted = lfilter([1.0, -self.handset], [1.0], samples)
        return np.asarray(sosfilt(_BAND, tilted), np.float32)


_BAND = butter(4, _BAND_HZ, "bandpass", fs=TELEPHONE_RATE_HZ, output="sos")
