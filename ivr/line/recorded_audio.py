"""A recording of the caller as Asterisk wrote it, to frames that fill the time it took."""

from __future__ import annotations

import io
import wave

import numpy as np

from engine.types import TELEPHONE_RATE_HZ, Pcm
from ivr.media.codec import Slin
from ivr.media.reframer import Reframer

FORMATS = ("wav", "sln")
"""Asterisk's names: a WAV file, or the bare samples; both int16 at 8 kHz, mono."""


class RecordingError(Exception):
    """Asterisk's recording is not what was asked for; the message says how it differs."""

    def __init__(self, found: str) -> None:
        super().__init__(f"the recording is no 8 kHz mono 16-bit audio: {found}")


def recorded_pcm(format: str, content: bytes) -> Pcm:
    """Return int16 `[n]` at 8 kHz, empty where nothing was recorded; or `RecordingError`."""
    raw = _wav_samples(content) if format == "wav" else content
    whole = raw[: len(raw) // 2 * 2]
    return Slin().decode(whole) if whole else np.empty(0, np.int16)


def frames_lasting(pcm: Pcm, seconds: float) -> list[Pcm]:
    """Cut into frames of 20 ms and add the silence up to `seconds`.

    Asterisk cuts off the silence that ended a recording, but the caller's time ran on.
    """
    missing = max(0, round(seconds * TELEPHONE_RATE_HZ) - len(pcm))
    reframer = Reframer()
    frames = reframer.push(np.concatenate((pcm, np.zeros(missing, np.int16))))
    return [*frames, *reframer.flush()]


def _wav_samples(content: bytes) -> bytes:
    try:
        with wave.open(io.BytesIO(content)) as file:
            found = (file.getnchannels(), file.getsampwidth(), file.getframerate())
            if found != (1, 2, TELEPHONE_RATE_HZ):
                raise RecordingError("{} channels, {} bytes a sample, {} Hz".format(*found))
            samples: bytes = file.readframes(file.getnframes())
            return samples
    except (wave.Error, EOFError) as error:
        raise RecordingError(str(error) or "it is cut short") from None
