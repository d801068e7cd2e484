"""Asterisk's recordings, read from bytes."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.line.recorded_audio import RecordingError, frames_lasting, recorded_pcm

AUDIO = np.arange(-2000, 2000, dtype=np.int16)


def wav(channels: int = 1, width: int = 2, rate: int = 8000) -> bytes:
    """Return the audio as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(width)
        writer.setframerate(rate)
        writer.writeframes(AUDIO.tobytes())
    return file.getvalue()


@pytest.mark.parametrize(("format", "content"), [("wav", wav()), ("sln", AUDIO.tobytes())])
def test_recording_is_bit_exact(format: str, content: bytes) -> None:
    """Both formats hold the samples as they are."""
    assert np.array_equal(recorded_pcm(format, content), AUDIO)


def test_nothing_recorded_is_no_audio() -> None:
    """A caller who hung up at once leaves an empty file."""
    assert recorded_pcm("sln", b"").shape == (0,)


@pytest.mark.parametrize(
    "content", [b"", b"RIFF", wav()[:20], wav(channels=2), wav(width=1), wav(rate=16000)]
)
def test_other_files_are_named(content: bytes) -> None:
    """A file of another kind is the one error."""
    with pytest.raises(RecordingError):
        recorded_pcm("wav", content)


@given(st.integers(0, 20_000), st.floats(0, 3))
def test_frames_fill_the_time(samples: int, seconds: float) -> None:
    """The frames last as long as the recording took, and lose no sample."""
    audio = np.ones(samples, np.int16)
    frames = frames_lasting(audio, seconds)
    assert all(len(frame) == 160 for frame in frames)
    assert sum(int(frame.sum()) for frame in frames) == samples
    assert abs(len(frames) * 0.02 - max(seconds, samples / 8000)) < 0.021
