"""Audio files: what the lost cloud services took and what telephones record, within limits.

The header is checked before anything is decoded, and decoding stops at the limit whatever the
header said.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import Final

import numpy as np
import soundfile

from engine.audio.containers import Container, breaks_off, container_of, foreign
from engine.audio.g711 import decode_alaw, decode_mulaw
from engine.audio.pcm import to_float, to_int
from engine.audio.resample import downsample, to_engine_rate
from engine.errors import AudioError
from engine.types import ENGINE_RATE_HZ, TELEPHONE_RATE_HZ, Pcm, Utterance

ACCEPTED: Final = (
    "accepted is mono WAV (16 bit, mu-law or A-law) or FLAC (16 bit) at 8 or 16 kHz, "
    "mono Ogg Opus at 8, 16 or 48 kHz, and raw mu-law or A-law at 8 kHz named .ulaw or .alaw"
)

_RATES_HZ: Final = (TELEPHONE_RATE_HZ, ENGINE_RATE_HZ)
_OPUS_RATES_HZ: Final = (*_RATES_HZ, 48_000)
"""Opus decodes to 48 kHz where its header does not ask for less (RFC 7845, 5.1)."""
_CODINGS: Final = {
    Container.WAV: ("PCM_16", "ULAW", "ALAW"),
    Container.FLAC: ("PCM_16",),
    Container.OPUS: ("OPUS",),
}
_RIFF_HEADER_BYTES: Final = 8
_RIFF_UNKNOWN: Final = (0, 0x7FFF_FFFF, 0xFFFF_FFFF)
"""What a program writes that could not go back and fill the length in."""
_UNKNOWN_FRAMES: Final = 1 << 40
"""From here on a number of frames stands for none known."""


class AudioFileError(AudioError):
    """A file is not taken: which, what was found in it, and what is accepted."""

    def __init__(self, name: str, found: str, accepted: str = ACCEPTED) -> None:
        super().__init__(f"{name} is refused: {found}; {accepted}")
        self.name = name
        self.found = found
        self.accepted = accepted


@dataclass(frozen=True, slots=True)
class FileLimits:
    """How much of a file is read at most."""

    seconds: float = 300.0
    """What the lost services took for one enrollment."""
    octets: int = 32 * 1024 * 1024
    """Twice 300 s of 16 bit at 48 kHz, and room for pictures in a header."""


@dataclass(frozen=True, slots=True, eq=False)
class AudioFile:
    """A recording as its file held it."""

    name: str
    container: Container
    rate_hz: int
    """8000, 16000, or 48000 (Opus alone)."""
    pcm: Pcm
    """int16 `[n]`, `n` at least 1, at `rate_hz`."""

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.pcm) / self.rate_hz

    @property
    def utterance(self) -> Utterance:
        """The recording at the engine's 16 kHz."""
        return Utterance(to_engine_rate(to_float(self.pcm), self.rate_hz))

    @property
    def telephone(self) -> Pcm:
        """The recording as a telephone would bring it: int16 `[n]` at 8 kHz."""
        if self.rate_hz == TELEPHONE_RATE_HZ:
            return self.pcm
        return to_int(downsample(self.utterance.samples))


def read_audio(source: Path | bytes, name: str = "", limits: FileLimits | None = None) -> AudioFile:
    """Read an audio file, or its bytes; the name stands in messages and tells raw audio's kind.

    `AudioFileError`, and nothing else, for whatever is not accepted, broken or beyond the limits.
    """
    limits = limits or FileLimits()
    if isinstance(source, Path):
        name = name or source.name
        content = _content(source, name, limits)
    else:
        name, content = name or "the audio", source
        _check_size(len(content), name, limits)
    if not content:
        raise AudioFileError(name, "it is empty")
    container = container_of(content, Path(name).suffix)
    if container is None:
        raise AudioFileError(name, f"it is {foreign(content)}")
    rate_hz, pcm = _decoded(content, container, name, limits)
    if not len(pcm):
        raise AudioFileError(name, f"it is {container} and holds no audio")
    return AudioFile(name, container, rate_hz, pcm)


@contextmanager
def opened_sound(content: bytes, name: str) -> Iterator[soundfile.SoundFile]:
    """Open encoded audio with libsndfile; what it cannot read is an `AudioFileError`."""
    try:
        with soundfile.SoundFile(BytesIO(content)) as sound:
            yield sound
    except (soundfile.SoundFileError, RuntimeError, ValueError, OSError) as error:
        why = getattr(error, "error_string", None) or str(error)
        raise AudioFileError(name, f"it is broken: {why.removeprefix('Error : ')}") from error


def _content(path: Path, name: str, limits: FileLimits) -> bytes:
    """The bytes of a regular file, no more than the limit."""
    try:
        status = path.stat()
        if not S_ISREG(status.st_mode):
            found = "a folder" if S_ISDIR(status.st_mode) else "no regular file"
            raise AudioFileError(name, f"it is {found}")
        _check_size(status.st_size, name, limits)
        with path.open("rb") as file:
            content = file.read(limits.octets + 1)
    except (OSError, ValueError) as error:
        found = f"it cannot be read: {getattr(error, 'strerror', None) or error}"
        raise AudioFileError(name, found) from error
    _check_size(len(content), name, limits)
    return content


def _check_size(octets: int, name: str, limits: FileLimits) -> None:
    if octets > limits.octets:
        raise AudioFileError(name, f"it has {octets} bytes, more than the limit of {limits.octets}")


def _decoded(
    content: bytes, container: Container, name: str, limits: FileLimits
) -> tuple[int, Pcm]:
    if container in (Container.RAW_MULAW, Container.RAW_ALAW):
        _check_length(len(content), TELEPHONE_RATE_HZ, name, limits)
        decode = decode_mulaw if container is Container.RAW_MULAW else decode_alaw
        return TELEPHONE_RATE_HZ, decode(content)
    if container is Container.WAV:
        _check_whole(content, name)
    with opened_sound(content, name) as sound:
        _check_header(sound, container, name)
        if container is Container.OPUS and breaks_off(content):
            raise AudioFileError(name, "it is cut off: its last page is not whole")
        if sound.frames < _UNKNOWN_FRAMES:
            _check_length(sound.frames, sound.samplerate, name, limits)
        return int(sound.samplerate), _samples(sound, name, limits)


def _check_whole(content: bytes, name: str) -> None:
    """Refuse a WAV file that is shorter than its header says."""
    said = int.from_bytes(content[4:8], "little")
    present = len(content) - _RIFF_HEADER_BYTES
    if said not in _RIFF_UNKNOWN and said > present:
        raise AudioFileError(
            name, f"it is cut off: its header promises {said} bytes and {present} follow"
        )


def _check_header(sound: soundfile.SoundFile, container: Container, name: str) -> None:
    """Refuse channels, rates and codings that are not taken, before any sample is decoded."""
    if sound.channels != 1:
        raise AudioFileError(name, f"it has {sound.channels} channels")
    rates_hz = _OPUS_RATES_HZ if container is Container.OPUS else _RATES_HZ
    if sound.samplerate not in rates_hz:
        raise AudioFileError(name, f"it is {container} at {sound.samplerate} Hz")
    if sound.subtype not in _CODINGS[container]:
        raise AudioFileError(name, f"it is {container} coded as {sound.subtype_info}")


def _check_length(frames: int, rate_hz: int, name: str, limits: FileLimits) -> None:
    if frames > limits.seconds * rate_hz:
        found = f"it lasts longer than the limit of {limits.seconds:g} s"
        raise AudioFileError(name, found)


def _samples(sound: soundfile.SoundFile, name: str, limits: FileLimits) -> Pcm:
    """Decode second by second and stop at the limit; refuse what ends before its header says."""
    pieces, total = [np.zeros(0, np.int16)], 0
    while len(piece := sound.read(sound.samplerate, dtype="float32")):
        total += len(piece)
        _check_length(total, sound.samplerate, name, limits)
        if not np.isfinite(piece).all():
            raise AudioFileError(name, "it is broken: it decodes to no finite samples")
        pieces.append(to_int(piece))
    if total < sound.frames < _UNKNOWN_FRAMES:
        raise AudioFileError(
            name, f"it is cut off: its header promises {sound.frames} samples, {total} are there"
        )
    return np.concatenate(pieces)
