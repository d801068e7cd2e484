"""Audio files: what is taken arrives as it was, what is not is refused by what was found."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.audio import decode_alaw, decode_mulaw, encode_alaw, encode_mulaw
from engine.audio.containers import Container
from engine.audio.files import ACCEPTED, AudioFile, AudioFileError, FileLimits, read_audio
from engine.types import Pcm, Samples


def tone(rate_hz: int, seconds: float = 0.5) -> Samples:
    time = np.arange(round(rate_hz * seconds)) / rate_hz
    return (0.3 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)


def pcm(rate_hz: int, seconds: float = 0.5) -> Pcm:
    return np.asarray(np.rint(tone(rate_hz, seconds) * 32_768), np.int16)


def written(samples: Samples | Pcm, rate_hz: int, container: str, coding: str) -> bytes:
    content = io.BytesIO()
    soundfile.write(content, samples, rate_hz, format=container, subtype=coding)
    return content.getvalue()


TAKEN = {
    "16.wav": (written(pcm(16_000), 16_000, "WAV", "PCM_16"), Container.WAV, 16_000),
    "8.wav": (written(pcm(8_000), 8_000, "WAV", "PCM_16"), Container.WAV, 8_000),
    "mu.wav": (written(pcm(8_000), 8_000, "WAV", "ULAW"), Container.WAV, 8_000),
    "a.wav": (written(pcm(8_000), 8_000, "WAV", "ALAW"), Container.WAV, 8_000),
    "x.flac": (written(pcm(16_000), 16_000, "FLAC", "PCM_16"), Container.FLAC, 16_000),
    "8.opus": (written(tone(8_000), 8_000, "OGG", "OPUS"), Container.OPUS, 8_000),
    "48.opus": (written(tone(48_000), 48_000, "OGG", "OPUS"), Container.OPUS, 48_000),
    "x.ulaw": (encode_mulaw(pcm(8_000)), Container.RAW_MULAW, 8_000),
    "x.ALAW": (encode_alaw(pcm(8_000)), Container.RAW_ALAW, 8_000),
}

STEREO = np.stack([tone(16_000), tone(16_000)], axis=1)

REFUSED = {
    "two.wav": (written(STEREO, 16_000, "WAV", "PCM_16"), "it has 2 channels"),
    "44.wav": (written(tone(44_100), 44_100, "WAV", "PCM_16"), "it is WAV at 44100 Hz"),
    "24.wav": (written(tone(16_000), 16_000, "WAV", "PCM_24"), "Signed 24 bit PCM"),
    "float.wav": (written(tone(16_000), 16_000, "WAV", "FLOAT"), "32 bit float"),
    "gsm.wav": (written(tone(8_000), 8_000, "WAV", "GSM610"), "GSM 6.10"),
    "24.flac": (written(tone(16_000), 16_000, "FLAC", "PCM_24"), "Signed 24 bit PCM"),
    "24k.opus": (written(tone(24_000), 24_000, "OGG", "OPUS"), "Ogg Opus at 24000 Hz"),
    "a.ogg": (written(tone(16_000), 16_000, "OGG", "VORBIS"), "it is Ogg Vorbis"),
    "a.mp3": (written(tone(16_000), 16_000, "MP3", "MPEG_LAYER_III"), "it is MP3"),
    "id3.mp3": (b"ID3\x04" + bytes(99), "it is MP3"),
    "a.m4a": (b"\0\0\0\x20ftypM4A ", "it is MP4 or M4A"),
    "a.webm": (b"\x1aE\xdf\xa3", "WebM"),
    "a.aiff": (written(tone(16_000), 16_000, "AIFF", "PCM_16"), "it is AIFF"),
    "text.wav": (b"hello, world", "it begins with 68 65 6c 6c 6f 2c 20 77"),
    "empty.wav": (b"", "it is empty"),
    "silent.wav": (written(pcm(8_000, 0), 8_000, "WAV", "PCM_16"), "holds no audio"),
    "header.wav": (TAKEN["16.wav"][0][:30], "it is cut off"),
    "cut.wav": (TAKEN["16.wav"][0][:-1000], "it is cut off"),
    "cut.flac": (TAKEN["x.flac"][0][:-500], "it is "),
    "cut.opus": (TAKEN["8.opus"][0][:500], "it is broken"),
    "avi.wav": (b"RIFF\0\0\0\0AVI ", "a RIFF file that is no WAV"),
}


def frequency_hz(file: AudioFile) -> float:
    """Where the utterance is loudest."""
    spectrum = np.abs(np.fft.rfft(file.utterance.samples, 16_000))
    return float(np.argmax(spectrum))


@pytest.mark.parametrize("name", TAKEN)
def test_every_accepted_kind_arrives_at_16_khz(tmp_path: Path, name: str) -> None:
    """From a path and from bytes alike, the tone a tone and as long as it was."""
    content, container, rate_hz = TAKEN[name]
    (tmp_path / name).write_bytes(content)
    file = read_audio(tmp_path / name)
    assert (file.name, file.container, file.rate_hz) == (name, container, rate_hz)
    assert file.utterance.seconds == pytest.approx(0.5, abs=0.001)
    assert frequency_hz(file) == pytest.approx(440, abs=2)
    assert len(file.telephone) == pytest.approx(4000, abs=8)
    np.testing.assert_array_equal(read_audio(content, name).pcm, file.pcm)


def test_linear_and_companded_samples_arrive_exactly() -> None:
    """Bit for bit what was recorded."""
    assert (read_audio(TAKEN["16.wav"][0]).pcm == pcm(16_000)).all()
    mulaw = decode_mulaw(encode_mulaw(pcm(8_000)))
    alaw = decode_alaw(encode_alaw(pcm(8_000)))
    for name, content, expected in (
        ("mu.wav", written(mulaw, 8_000, "WAV", "ULAW"), mulaw),
        ("a.wav", written(alaw, 8_000, "WAV", "ALAW"), alaw),
        ("x.ulaw", encode_mulaw(pcm(8_000)), mulaw),
        ("x.alaw", encode_alaw(pcm(8_000)), alaw),
    ):
        np.testing.assert_array_equal(read_audio(content, name).telephone, expected)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_accepted_is_refused_with_what_was_found(name: str) -> None:
    """The error names the file, what it is, and what would be taken."""
    content, found = REFUSED[name]
    with pytest.raises(AudioFileError) as refused:
        read_audio(content, name)
    assert refused.value.name == name
    assert found in refused.value.found
    assert str(refused.value) == f"{name} is refused: {refused.value.found}; {ACCEPTED}"


@pytest.mark.parametrize(
    ("kind", "coding", "container"),
    [("WAV", "PCM_16", Container.WAV), ("FLAC", "PCM_16", Container.FLAC)],
)
def test_what_a_file_holds_counts_and_not_its_name(
    kind: str, coding: str, container: Container
) -> None:
    """Else its bytes would be heard as companded samples: noise, which is nobody's voice."""
    content = written(pcm(8_000), 8_000, kind, coding)
    assert read_audio(content, "x.ulaw").container is container


@pytest.mark.parametrize("share", [0.3, 0.5, 0.9, 0.999])
def test_an_opus_file_that_breaks_off_is_refused(share: float) -> None:
    """In the middle of a page, as where the disk was full: what is there would decode."""
    spoken = np.random.default_rng(1).normal(0, 3000, 8 * 8_000).astype(np.int16)
    whole = written(spoken, 8_000, "OGG", "OPUS")
    assert read_audio(whole).seconds == pytest.approx(8.0)
    with pytest.raises(AudioFileError, match="it is cut off"):
        read_audio(whole[: round(share * len(whole))])


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """A folder, nothing at all, a pipe that nobody writes to, a device without end."""
    os.mkfifo(tmp_path / "pipe.ulaw")
    for path, found in (
        (tmp_path, "it is a folder"),
        (tmp_path / "absent.wav", "No such file"),
        (tmp_path / "pipe.ulaw", "no regular file"),
        (Path("/dev/zero"), "no regular file"),
        (tmp_path / "nul\0.wav", "cannot be read"),
    ):
        with pytest.raises(AudioFileError, match=found):
            read_audio(path)


@pytest.mark.parametrize("name", TAKEN)
def test_nothing_is_taken_beyond_the_limits(tmp_path: Path, name: str) -> None:
    """Neither in seconds nor in bytes, from a path or from bytes."""
    content = TAKEN[name][0]
    (tmp_path / name).write_bytes(content)
    for limits, found in (
        (FileLimits(seconds=0.4), "longer than the limit of 0.4 s"),
        (FileLimits(octets=len(content) - 1), f"{len(content)} bytes, more than the limit"),
    ):
        for source in (tmp_path / name, content):
            with pytest.raises(AudioFileError, match=found):
                read_audio(source, name, limits)


def test_decoding_stops_at_the_limit_whatever_the_header_says() -> None:
    """A header that hides its length does not make 10 minutes of zeros be decoded."""
    content = bytearray(written(np.zeros(600 * 8000, np.int16), 8000, "FLAC", "PCM_16"))
    content[21] &= 0xF0
    content[22:26] = bytes(4)
    with pytest.raises(AudioFileError, match="longer than the limit of 300 s"):
        read_audio(bytes(content))


def test_a_wav_file_without_a_length_is_taken() -> None:
    """As programs write it that cannot seek back."""
    content = bytearray(TAKEN["8.wav"][0])
    content[4:8] = content[40:44] = b"\xff" * 4
    assert read_audio(bytes(content)).seconds == pytest.approx(0.5)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_damaged_files_raise_the_named_error_or_are_audio(data: st.DataObject) -> None:
    """Bytes overwritten, cut off or put in: never another error, never what is not finite."""
    name = data.draw(st.sampled_from(sorted(TAKEN)))
    content = bytearray(TAKEN[name][0])
    places = st.integers(0, len(content) - 1) | st.integers(0, 80)
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=12)):
        content[place] = value
    end = data.draw(st.none() | st.integers(0, len(content)))
    try:
        file = read_audio(bytes(content[:end]) + data.draw(st.binary(max_size=20)), name)
    except AudioFileError:
        return
    assert np.isfinite(file.utterance.samples).all()
    assert 0 < file.seconds <= 300


@given(st.binary(max_size=200), st.sampled_from(["", "a.wav", "a.ulaw", "a.opus"]))
def test_any_bytes_raise_the_named_error_or_are_audio(content: bytes, name: str) -> None:
    """Whatever their name says."""
    try:
        assert read_audio(content, name).seconds > 0
    except AudioFileError:
        return
