"""What happens to a recording that is played to the telephone once more, kind by kind.

Every kind takes telephone audio, int16 `[n]` at 8 kHz, and returns as much or nearly; the line's
mu-law comes after all of them. The coders are libsndfile's own. The loudspeaker and the room are
arithmetic: a band of 400 to 3000 Hz and an echo that dies by 60 dB in 0.3 s, 3 dB below the voice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, sosfilt

from engine.audio import decode_alaw, decode_mulaw, encode_alaw, encode_mulaw
from engine.types import TELEPHONE_RATE_HZ, Pcm

Signal = NDArray[np.floating[Any]]
Spectrum = NDArray[np.complex128]

Kind = Callable[[Pcm], Pcm]

_SEED: Final = 1971
_SHIFT: Final = 400
"""50 ms."""
_TRIM: Final = 500
_DECAY_S, _ECHO_DB = 0.3, -3.0
_BAND_HZ: Final = (400, 3000)
_FASTER: Final = 1.005


def over_the_line(pcm: Pcm) -> Pcm:
    """Code by the mu-law and back, as every call does."""
    return decode_mulaw(encode_mulaw(pcm))


def _as_it_was(pcm: Pcm) -> Pcm:
    return pcm


def _alaw(pcm: Pcm) -> Pcm:
    return decode_alaw(encode_alaw(over_the_line(pcm)))


def _gain(level_db: float) -> Kind:
    return lambda pcm: _limited(pcm * 10 ** (level_db / 20))


def _later(pcm: Pcm) -> Pcm:
    return np.concatenate([np.zeros(_SHIFT, np.int16), pcm])


def _between_samples(pcm: Pcm) -> Pcm:
    """Half a sample later, and 3.3 ms: no grid of the first recording is met again."""
    half = np.fft.irfft(_half_sample(np.fft.rfft(pcm, 2 * len(pcm))), 2 * len(pcm))
    return np.concatenate([np.zeros(26, np.int16), _limited(half[: len(pcm)])])


def _half_sample(spectrum: Spectrum) -> Spectrum:
    turns = -0.5j * np.pi * np.arange(len(spectrum)) / (len(spectrum) - 1)
    return np.asarray(spectrum * np.exp(turns), np.complex128)


def _trimmed(pcm: Pcm) -> Pcm:
    return pcm[_TRIM:-_TRIM]


def _middle_half(pcm: Pcm) -> Pcm:
    return pcm[len(pcm) // 4 : 3 * len(pcm) // 4]


def _noise(snr_db: float) -> Kind:
    def noisy(pcm: Pcm) -> Pcm:
        power = np.sqrt(np.mean(pcm.astype(np.float64) ** 2))
        hiss = np.random.default_rng(_SEED).standard_normal(len(pcm))
        return _limited(pcm + hiss * power * 10 ** (-snr_db / 20))

    return noisy


def _coded(container: str, coding: str) -> Kind:
    def coded(pcm: Pcm) -> Pcm:
        content = BytesIO()
        soundfile.write(content, pcm, TELEPHONE_RATE_HZ, format=container, subtype=coding)
        content.seek(0)
        decoded, _ = soundfile.read(content, dtype="float64")
        return _limited(decoded * 32_768.0)

    return coded


def _faster(pcm: Pcm) -> Pcm:
    return _limited(np.interp(np.arange(0, len(pcm) - 1, _FASTER), np.arange(len(pcm)), pcm))


def _loudspeaker(pcm: Pcm) -> Pcm:
    taps = np.arange(round(_DECAY_S * TELEPHONE_RATE_HZ))
    echo = np.random.default_rng(_SEED).standard_normal(len(taps))
    echo *= 10 ** (-3 * taps / len(taps))
    echo *= 10 ** (_ECHO_DB / 20) / np.linalg.norm(echo)
    echo[0] = 1.0
    heard = fftconvolve(pcm.astype(np.float64), echo)[: len(pcm)]
    band = butter(2, _BAND_HZ, "bandpass", fs=TELEPHONE_RATE_HZ, output="sos")
    return _limited(sosfilt(band, heard))


def _all_at_once(pcm: Pcm) -> Pcm:
    for kind in (_later, _gain(-3.0), _noise(25.0), _coded("WAV", "GSM610")):
        pcm = kind(pcm)
    return pcm


def _limited(samples: Signal) -> Pcm:
    return np.clip(np.rint(samples), -32_768, 32_767).astype(np.int16)


KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "mu-law again": _as_it_was,
        "A-law between": _alaw,
        "3 dB louder": _gain(3.0),
        "3 dB quieter": _gain(-3.0),
        "50 ms later": _later,
        "between the samples": _between_samples,
        "62 ms off both ends": _trimmed,
        "noise, SNR 30 dB": _noise(30.0),
        "noise, SNR 25 dB": _noise(25.0),
        "noise, SNR 20 dB": _noise(20.0),
        "G.721 ADPCM": _coded("AU", "G721_32"),
        "IMA ADPCM": _coded("WAV", "IMA_ADPCM"),
        "GSM full rate": _coded("WAV", "GSM610"),
        "Opus": _coded("OGG", "OPUS"),
        "50 ms, -3 dB, 25 dB, GSM": _all_at_once,
        "its middle half": _middle_half,
        "0.5 % faster": _faster,
        "loudspeaker in a room": _loudspeaker,
    }
)
"""The kinds of replay, in the order of the report."""
